"""How a confirmation ends: once."""

from datetime import timedelta

import pytest

from domain.secrets import Secret
from domain.states import TicketState
from store.engine import Store
from store.queries.access import confirmations, tickets
from store.tables import Ticket, now
from store.vault import Vault
from tests.store.conftest import Tenant


def wait(store: Store, vault: Vault, ticket: Ticket) -> Ticket:
    """What a consent does whose ticket is to be confirmed."""
    with store.write() as session:
        return confirmations.await_confirmation(
            session,
            vault,
            ticket.id,
            accounts=Secret("accounts"),
            connection_ids=["con_1"],
            left_out=[],
            confirm_by=now() + timedelta(hours=1),
        )


def end(store: Store, ticket: Ticket, state: TicketState, *ids: str) -> Ticket:
    with store.write() as session:
        return confirmations.end_confirmation(session, ticket.id, state=state, connection_ids=ids)


@pytest.mark.parametrize("state", [TicketState.CONNECTED, TicketState.EXPIRED])
def test_the_first_end_of_a_confirmation_stands(
    store: Store, vault: Vault, tenant: Tenant, state: TicketState
) -> None:
    ticket = tenant.ticket()
    wait(store, vault, ticket)
    end(store, ticket, state, "con_1")
    (other,) = {TicketState.CONNECTED, TicketState.EXPIRED} - {state}
    ended = end(store, ticket, other)
    assert (ended.state, ended.connection_ids) == (state, ["con_1"])


def test_a_ticket_that_has_ended_awaits_no_confirmation(
    store: Store, vault: Vault, tenant: Tenant
) -> None:
    ticket = tenant.ticket()
    with store.write() as session:
        tickets.settle_ticket(session, ticket.id, state=TicketState.EXPIRED)
    ended = wait(store, vault, ticket)
    assert (ended.state, ended.sealed_accounts) == (TicketState.EXPIRED, None)
