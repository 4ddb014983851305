"""How many tickets may be open: of a workspace, and of a re-authorization link."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlmodel import Session

from domain.errors import TooManyRequests
from domain.states import TicketState
from store.engine import Store
from store.queries.access import open_tickets, tickets
from store.queries.access.connections import lock_connection
from store.tables import Connection, Ticket, now
from tests.store.conftest import Tenant

AT_ONCE = 6


def create(session: Session, tenant: Tenant, connection: Connection | None = None) -> Ticket:
    return tickets.create_ticket(
        session,
        workspace_id=tenant.workspace.id,
        platform="youtube",
        redirect_url=None,
        callback_url="http://127.0.0.1/callback",
        expires_at=now() + timedelta(minutes=5),
        connection_id=None if connection is None else connection.id,
        is_from_link=connection is not None,
    )


def open_one(store: Store, tenant: Tenant, *, limit: int) -> str | None:
    """The id of the ticket; None for one too many."""
    try:
        with store.write() as session:
            open_tickets.check_room(session, tenant.workspace.id, limit=limit)
            return create(session, tenant).id
    except TooManyRequests:
        return None


def test_of_several_requests_at_once_exactly_the_allowed_ones_pass(
    store: Store, tenant: Tenant
) -> None:
    start = Barrier(AT_ONCE)

    def race(_: int) -> str | None:
        start.wait()
        return open_one(store, tenant, limit=4)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        opened = list(pool.map(race, range(AT_ONCE)))
    assert sum(ticket is not None for ticket in opened) == 4


def test_a_ticket_that_has_ended_makes_room(store: Store, tenant: Tenant) -> None:
    first = open_one(store, tenant, limit=1)
    assert first is not None
    assert open_one(store, tenant, limit=1) is None
    with store.write() as session:
        tickets.settle_ticket(session, first, state=TicketState.REFUSED)
    assert open_one(store, tenant, limit=1) is not None


def test_a_workspace_has_room_of_its_own(store: Store, tenant: Tenant, stranger: Tenant) -> None:
    assert open_one(store, tenant, limit=1) is not None
    assert open_one(store, stranger, limit=1) is not None


def test_it_says_when_the_first_ticket_ends(store: Store, tenant: Tenant) -> None:
    open_one(store, tenant, limit=1)
    with store.write() as session, pytest.raises(TooManyRequests) as caught:
        open_tickets.check_room(session, tenant.workspace.id, limit=1)
    assert caught.value.code == "too_many_open_tickets"
    assert 1 <= caught.value.retry_after <= 300


def test_a_link_has_one_ticket_however_many_visit_it_at_once(store: Store, tenant: Tenant) -> None:
    connection, start = tenant.connection(), Barrier(AT_ONCE)

    def visit(_: int) -> str:
        start.wait()
        with store.write() as session:
            lock_connection(session, connection.id)
            found = open_tickets.find_link_ticket(session, connection.id)
            return (found or create(session, tenant, connection)).id

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert len(set(pool.map(visit, range(AT_ONCE)))) == 1


@pytest.mark.parametrize(
    "state", [TicketState.OPEN, TicketState.CONSENTING, TicketState.CONNECTING]
)
def test_a_links_ticket_serves_until_it_ends(
    store: Store, tenant: Tenant, state: TicketState
) -> None:
    connection = tenant.connection()
    with store.write() as session:
        ticket = create(session, tenant, connection)
        ticket.state = state
        session.flush()
        assert open_tickets.find_link_ticket(session, connection.id) is ticket
        tickets.settle_ticket(session, ticket.id, state=TicketState.REFUSED)
        session.flush()
        assert open_tickets.find_link_ticket(session, connection.id) is None


def test_a_links_ticket_serves_until_it_expires(store: Store, tenant: Tenant) -> None:
    connection = tenant.connection()
    with store.write() as session:
        create(session, tenant, connection).expires_at = now()
        session.flush()
        assert open_tickets.find_link_ticket(session, connection.id) is None
