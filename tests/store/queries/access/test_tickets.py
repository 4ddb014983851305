from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from domain.errors import Conflict, NotFound
from domain.explanations import ErrorDetail
from domain.secrets import Secret
from domain.states import TicketState
from store.engine import Store
from store.queries.access import tickets
from store.queries.telling.events import list_events_after
from store.tables import Ticket
from store.vault import Vault
from tests.store.conftest import Tenant

BROWSER, VERIFIER, CODE = Secret("browser"), Secret("verifier"), Secret("c")


@pytest.fixture
def ticket(tenant: Tenant) -> Ticket:
    return tenant.ticket()


def consent(store: Store, ticket: Ticket) -> Ticket:
    with store.write() as session:
        return tickets.begin_consent(session, ticket.id)


def claim(
    store: Store,
    vault: Vault,
    ticket: Ticket,
    digest: str,
    code: Secret | None,
    browser: Secret = BROWSER,
) -> bool:
    with store.write() as session:
        return tickets.claim_callback(
            session,
            vault,
            ticket.id,
            callback_digest=digest,
            browser=browser,
            verifier=VERIFIER,
            code=code,
        )


def read(store: Store, ticket: Ticket) -> Ticket:
    with store.read() as session:
        return tickets.get_ticket(session, ticket.id)


def test_a_ticket_knows_the_browser_whose_callback_holds_it(
    store: Store, vault: Vault, ticket: Ticket
) -> None:
    assert not tickets.is_claimed_by(consent(store, ticket), [BROWSER])
    claim(store, vault, ticket, "first", CODE)
    claim(store, vault, ticket, "second", CODE, Secret("another"))
    row = read(store, ticket)
    assert tickets.is_claimed_by(row, [Secret("older"), BROWSER])
    assert not tickets.is_claimed_by(row, [Secret("another")])
    assert not tickets.is_claimed_by(row, [])


def test_a_second_consent_page_changes_nothing(store: Store, vault: Vault, ticket: Ticket) -> None:
    first = consent(store, ticket)
    assert consent(store, ticket).model_dump() == first.model_dump()
    assert claim(store, vault, ticket, "first", CODE)


def test_nothing_of_a_consent_lies_in_clear(store: Store, vault: Vault, ticket: Ticket) -> None:
    consent(store, ticket)
    claim(store, vault, ticket, "d", CODE)
    with store.write() as session:
        tickets.keep_grant(session, vault, ticket.id, Secret("the grant"))
    row = repr(read(store, ticket))
    assert not [word for word in ("browser'", "verifier'", "the grant") if word in row]


def test_the_first_callback_holds_the_ticket(store: Store, vault: Vault, ticket: Ticket) -> None:
    assert not claim(store, vault, ticket, "too early", CODE)
    consent(store, ticket)
    assert claim(store, vault, ticket, "first", CODE)
    assert not claim(store, vault, ticket, "second", Secret("another code"))
    assert claim(store, vault, ticket, "first", CODE)
    assert tickets.open_code(vault, read(store, ticket)) == CODE


def test_of_two_callbacks_at_once_one_wins(store: Store, vault: Vault, ticket: Ticket) -> None:
    consent(store, ticket)
    start = Barrier(4)

    def race(name: str) -> bool:
        start.wait()
        return claim(store, vault, ticket, name, Secret(name))

    with ThreadPoolExecutor(4) as pool:
        won = dict(zip("abcd", pool.map(race, "abcd"), strict=True))
    assert sum(won.values()) == 1
    (winner,) = [name for name in won if won[name]]
    assert tickets.open_code(vault, read(store, ticket)) == Secret(winner)


def test_no_consent_page_takes_the_ticket_from_a_callback(
    store: Store, vault: Vault, ticket: Ticket
) -> None:
    consent(store, ticket)
    claim(store, vault, ticket, "first", CODE)
    with pytest.raises(Conflict):
        consent(store, ticket)
    assert tickets.open_code(vault, read(store, ticket)) == CODE
    assert tickets.open_verifier(vault, read(store, ticket)) == VERIFIER


def test_a_callback_without_a_code_is_claimed_too(
    store: Store, vault: Vault, ticket: Ticket
) -> None:
    consent(store, ticket)
    assert claim(store, vault, ticket, "refused", None)
    assert not claim(store, vault, ticket, "second", CODE)


@pytest.mark.parametrize("state", [TicketState.CONNECTED, TicketState.REFUSED, TicketState.EXPIRED])
def test_a_settled_ticket_stays_as_it_is_without_secrets(
    store: Store, vault: Vault, ticket: Ticket, state: TicketState
) -> None:
    consent(store, ticket)
    claim(store, vault, ticket, "first", CODE)
    with store.write() as session:
        tickets.keep_grant(session, vault, ticket.id, Secret("grant"))
    with store.write() as session:
        tickets.settle_ticket(session, ticket.id, state=state, connection_ids=["con_1"])
    with store.write() as session:
        tickets.settle_ticket(session, ticket.id, state=TicketState.FAILED, error_code="late")

    row = read(store, ticket)
    assert (row.state, row.connection_ids, row.error_code) == (state, ["con_1"], None)
    assert (row.sealed_verifier, row.sealed_code, row.sealed_grant) == (None, None, None)
    assert tickets.find_grant(vault, row) is None
    with pytest.raises(Conflict) as caught:
        consent(store, ticket)
    assert caught.value.code == "ticket_used"
    with store.write() as session, pytest.raises(Conflict):
        tickets.keep_grant(session, vault, ticket.id, Secret("grant"))


def test_a_settled_ticket_keeps_which_accounts_were_left_out(store: Store, ticket: Ticket) -> None:
    archive = {"account_id": "42", "name": "Archive", "code": "no_task", "sentence": "Ask."}
    assert read(store, ticket).left_out == []
    with store.write() as session:
        tickets.settle_ticket(
            session,
            ticket.id,
            state=TicketState.CONNECTED,
            connection_ids=["con_1"],
            left_out=[archive],
        )
    with store.write() as session:
        tickets.settle_ticket(session, ticket.id, state=TicketState.FAILED)
    assert read(store, ticket).left_out == [archive]


def test_a_repeated_callback_finds_a_settled_ticket_and_another_does_not(
    store: Store, vault: Vault, ticket: Ticket
) -> None:
    consent(store, ticket)
    claim(store, vault, ticket, "first", CODE)
    with store.write() as session:
        tickets.settle_ticket(session, ticket.id, state=TicketState.CONNECTED)
    assert claim(store, vault, ticket, "first", CODE)
    assert not claim(store, vault, ticket, "second", CODE)
    assert read(store, ticket).sealed_code is None


def test_no_consent_page_opens_once_the_code_is_being_exchanged(
    store: Store, vault: Vault, ticket: Ticket
) -> None:
    consent(store, ticket)
    claim(store, vault, ticket, "first", CODE)
    for _ in range(2):
        with store.write() as session:
            tickets.begin_connecting(session, ticket.id)
    with pytest.raises(Conflict):
        consent(store, ticket)
    assert tickets.open_code(vault, read(store, ticket)) == CODE


def test_a_foreign_ticket_is_not_found(store: Store, ticket: Ticket, stranger: Tenant) -> None:
    with store.read() as session, pytest.raises(NotFound) as caught:
        tickets.get_ticket(session, ticket.id, stranger.workspace.id)
    assert caught.value.code == "ticket_not_found"


def test_a_ticket_for_a_foreign_connection_is_refused(
    store: Store, tenant: Tenant, stranger: Tenant
) -> None:
    foreign = stranger.connection()
    with store.write() as session, pytest.raises(NotFound) as caught:
        tickets.create_ticket(
            session,
            workspace_id=tenant.workspace.id,
            platform="youtube",
            redirect_url=None,
            callback_url="http://127.0.0.1/callback",
            connection_id=foreign.id,
            expires_at=datetime.now(UTC),
        )
    assert caught.value.code == "connection_not_found"


def test_overdue_tickets_are_listed_until_they_are_settled(
    store: Store, tenant: Tenant, ticket: Ticket
) -> None:
    tenant.ticket()
    late = ticket.expires_at + timedelta(microseconds=1)
    with store.write() as session:
        overdue = tickets.list_unsettled_tickets(session, expired_before=late, limit=10)
        assert [row.id for row in overdue] == [ticket.id]
        tickets.settle_ticket(session, ticket.id, state=TicketState.EXPIRED)
    with store.read() as session:
        assert not tickets.list_unsettled_tickets(session, expired_before=late, limit=10)


@pytest.mark.parametrize("state", [TicketState.REFUSED, TicketState.FAILED, TicketState.EXPIRED])
def test_an_end_without_a_connection_is_one_event(
    store: Store, tenant: Tenant, ticket: Ticket, state: TicketState
) -> None:
    for _ in range(2):
        with store.write() as session:
            tickets.settle_ticket(
                session,
                ticket.id,
                state=state,
                error_code="oauth_client_rejected",
                error="The app is wrong.",
                error_detail=ErrorDetail.INVALID_CLIENT,
                platform_word="invalid_client",
            )
    with store.read() as session:
        (event,) = list_events_after(session, tenant.workspace.id, 0, limit=9)
    assert (event.type, event.subject_id) == (f"ticket.{state}", ticket.id)
    told = {name: event.data[name] for name in ("errorDetail", "error", "remedy", "platformError")}
    assert told == {
        "errorDetail": "invalid_client",
        "error": "The app is wrong.",
        "remedy": "operator",
        "platformError": "invalid_client",
    }


def test_a_ticket_that_connected_is_no_event_of_its_own(
    store: Store, tenant: Tenant, ticket: Ticket
) -> None:
    with store.write() as session:
        tickets.settle_ticket(session, ticket.id, state=TicketState.CONNECTED)
    with store.read() as session:
        assert not list_events_after(session, tenant.workspace.id, 0, limit=9)
