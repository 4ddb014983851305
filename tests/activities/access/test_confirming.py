"""A consent that awaits its confirmation: what it changes, and how it ends."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
from temporalio.testing import ActivityEnvironment

from activities.access.confirming import CONFIRM_WITHIN, GIVE_UP_AFTER, UnconfirmedConsents, confirm
from activities.access.connecting import TicketActivities
from activities.access.consent_ends import end_ticket
from activities.access.packing import pack, unpack
from activities.contract.tickets import Connected, TicketOutcome
from domain.errors import Conflict, NotFound, PlatformUnavailable, ReauthorizationNeeded
from domain.events import EventType
from domain.states import ConnectionHealth, TicketState
from platforms.protocol import Account, Accounts, Credential
from store.engine import Store
from store.queries import workspaces
from store.queries.access import care, connections, credentials, tickets, unconfirmed
from store.queries.telling.events import list_events_after
from store.tables import Connection, Ticket, now
from testkit.database import await_waiter, postgres_cluster
from tests.activities.conftest import VAULT, DirectedPlatform, Installation, credential

NEW = "UC-new"
AWAY = PlatformUnavailable("oauth_unavailable", "It is away.")


class OneAccount(DirectedPlatform):
    """Each consent gives the account that a test names."""

    account_id = NEW

    def accounts(self, credential: Credential) -> Accounts:
        return Accounts([Account(self.account_id, "Theirs", None, None, credential)])


class Here(Installation):
    """An installation whose tickets are to be confirmed."""

    platform: OneAccount

    def consent(
        self, token: str = "pending", account_id: str = NEW, connection_id: str | None = None
    ) -> Ticket:
        """A ticket after its consent."""
        self.platform.account_id = account_id
        with self.store.write() as session:
            ticket = tickets.create_ticket(
                session,
                workspace_id=self.workspace.id,
                platform="youtube",
                redirect_url=None,
                callback_url="http://127.0.0.1/callback",
                expires_at=now() + timedelta(minutes=5),
                connection_id=connection_id,
                requires_confirmation=True,
            )
            tickets.keep_grant(session, self.vault, ticket.id, pack(credential(token)))
        connected = self.connect(ticket)
        assert connected.outcome.state is TicketState.CONFIRMING, connected
        return self.ticket(ticket)

    def connect(self, ticket: Ticket) -> Connected:
        activities = TicketActivities(self.store, self.vault, self.registry)
        connected: Connected = ActivityEnvironment().run(activities.connect, ticket.id)
        return connected

    def confirm(self, ticket: Ticket) -> Ticket:
        with self.store.write() as session:
            return confirm(session, self.vault, self.workspace.id, ticket.id)

    def ticket(self, ticket: Ticket) -> Ticket:
        with self.store.read() as session:
            return tickets.get_ticket(session, ticket.id)

    def connection_of(self, ticket: Ticket) -> Connection:
        with self.store.read() as session:
            return connections.get_connection_by_id(session, ticket.connection_ids[0])

    def token_of(self, connection_id: str) -> str:
        with self.store.read() as session:
            stored = credentials.get_credential(session, self.vault, connection_id)
        return unpack(stored.secret).access_token.reveal()

    def let_pass(self, ticket: Ticket, passed: timedelta = CONFIRM_WITHIN) -> None:
        with self.store.write() as session:
            row = tickets.lock_ticket(session, ticket.id)
            assert row.confirm_by is not None
            row.confirm_by -= passed
            for connection_id in row.connection_ids:
                connection = connections.lock_connection(session, connection_id)
                if connection.health_until is not None:
                    connection.health_until -= passed

    def sweep(self) -> int:
        """End what is due; how many tickets were."""
        due = (sweeper := UnconfirmedConsents(self.store, self.vault, self.registry)).list_due()
        for ticket in due:
            sweeper.end(ticket)
        return len(due)

    def events(self, connection_id: str) -> list[str]:
        with self.store.read() as session:
            told = list_events_after(
                session, self.workspace.id, 0, limit=100, subject_id=connection_id
            )
        return [event.type for event in told]


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    store = Store(f"sqlite:///{tmp_path / 'castline.db'}")
    store.migrate()
    yield Here(store, OneAccount())
    store.close()


def test_what_is_not_confirmed_is_of_no_use_and_nobody_is_told(here: Here) -> None:
    ticket = here.consent()
    connection = here.connection_of(ticket)
    assert (connection.is_active, connection.health) == (False, ConnectionHealth.DISCONNECTED)
    assert (connection.health_reason, connection.health_until) == ("unconfirmed", ticket.confirm_by)
    with pytest.raises(ReauthorizationNeeded):
        here.token_of(connection.id)
    assert here.events(connection.id) == []
    # What the consent gave lies in the ticket, sealed, and nothing else of it.
    assert b"pending" not in (ticket.sealed_accounts or b"")
    assert (ticket.sealed_grant, ticket.sealed_code, ticket.sealed_verifier) == (None, None, None)


def test_a_confirmation_makes_it_active_once(here: Here) -> None:
    ticket = here.consent()
    for _ in range(2):
        confirmed = here.confirm(ticket)
        assert (confirmed.state, confirmed.sealed_accounts) == (TicketState.CONNECTED, None)
        assert confirmed.connection_ids == ticket.connection_ids
    connection = here.connection_of(ticket)
    assert (connection.is_active, connection.health) == (True, ConnectionHealth.HEALTHY)
    assert (connection.health_reason, connection.health_until) == (None, None)
    assert here.token_of(connection.id) == "pending"
    assert here.events(connection.id) == [EventType.CONNECTION_CREATED]
    assert here.sweep() == 0


def test_of_two_confirmations_at_once_one_finds_it_done(here: Here) -> None:
    ticket, start = here.consent(), Barrier(2)

    def race(_: int) -> str:
        start.wait()
        return here.confirm(ticket).state

    with ThreadPoolExecutor(2) as pool:
        assert set(pool.map(race, range(2))) == {TicketState.CONNECTED}
    assert here.events(ticket.connection_ids[0]) == [EventType.CONNECTION_CREATED]


def test_a_confirmation_that_waits_for_another_one_finds_it_done() -> None:
    # Only on PostgreSQL both have read the ticket before one of them ends it.
    with postgres_cluster() as cluster:
        url = cluster.create_migrated()
        here = Here(Store(url, VAULT), OneAccount())
        ticket = here.consent()
        with ThreadPoolExecutor(1) as pool:
            with here.store.write() as session:
                confirm(session, here.vault, here.workspace.id, ticket.id)
                waiting = pool.submit(here.confirm, ticket)
                await_waiter(url)
            assert waiting.result().state == TicketState.CONNECTED
        assert here.events(ticket.connection_ids[0]) == [EventType.CONNECTION_CREATED]
        here.store.close()


def test_an_existing_connection_keeps_its_credential_until_then(here: Here) -> None:
    ticket = here.consent("second", "UC1", here.connection_id)
    assert ticket.connection_ids == [here.connection_id]
    assert (here.connection().is_active, here.token_of(here.connection_id)) == (True, "first")
    here.confirm(ticket)
    assert here.token_of(here.connection_id) == "second"


def test_an_existing_connection_survives_what_nobody_confirms(here: Here) -> None:
    ticket = here.consent("second", "UC1", here.connection_id)
    here.let_pass(ticket)
    assert here.sweep() == 1
    # The grant is that of the connection, too.
    assert here.platform.revoked == []
    assert (here.connection().is_active, here.token_of(here.connection_id)) == (True, "first")


def test_what_nobody_confirms_in_time_is_removed_and_revoked(here: Here) -> None:
    ticket = here.consent()
    assert here.sweep() == 0
    here.let_pass(ticket)
    with pytest.raises(Conflict) as caught:
        here.confirm(ticket)
    assert caught.value.code == "confirmation_expired"
    assert here.sweep() == 1
    assert here.platform.revoked == ["pending"]
    ended = here.ticket(ticket)
    assert (ended.state, ended.error_code) == (TicketState.EXPIRED, "confirmation_expired")
    assert (ended.connection_ids, ended.sealed_accounts) == ([], None)
    with pytest.raises(NotFound):
        here.connection_of(ticket)
    with pytest.raises(Conflict) as caught:
        here.confirm(ticket)
    assert caught.value.code == "confirmation_expired"


def test_a_grant_that_another_workspace_uses_is_left_to_it(here: Here) -> None:
    with here.store.write() as session:
        neighbour = workspaces.create_workspace(session, name="neighbour")
        connections.ensure_connection(
            session,
            workspace_id=neighbour.id,
            platform="youtube",
            account_id=NEW,
            name="Theirs",
            handle=None,
            thumbnail_url=None,
            scopes=[],
        )
    here.let_pass(here.consent())
    assert here.sweep() == 1
    assert here.platform.revoked == []


def test_a_platform_that_is_away_leaves_it_to_the_next_sweep_for_a_day(here: Here) -> None:
    ticket = here.consent()
    here.let_pass(ticket)
    here.platform.failure = AWAY
    with pytest.raises(PlatformUnavailable):
        here.sweep()
    assert here.ticket(ticket).state == TicketState.CONFIRMING
    here.let_pass(ticket, GIVE_UP_AFTER)
    assert here.sweep() == 1
    assert here.ticket(ticket).sealed_accounts is None


def test_a_dead_grant_is_done_with(here: Here) -> None:
    here.let_pass(here.consent())
    here.platform.failure = ReauthorizationNeeded("grant_dead", "It is gone.")
    assert here.sweep() == 1


def test_a_connection_that_another_ticket_confirms_later_stays(here: Here) -> None:
    first, second = here.consent("first"), here.consent("second")
    assert first.connection_ids == second.connection_ids
    with here.store.write() as session:
        tickets.lock_ticket(session, first.id).confirm_by = now()
    assert here.sweep() == 1
    # Neither its row nor the grant, which is one with that of the second consent.
    assert here.platform.revoked == []
    assert here.confirm(second).connection_ids == first.connection_ids
    assert here.token_of(second.connection_ids[0]) == "second"


def test_what_another_ticket_names_stays_as_a_disconnected_one(here: Here) -> None:
    ticket = here.consent()
    again = here.consent("again", NEW, ticket.connection_ids[0])
    for each in (ticket, again):
        here.let_pass(each, CONFIRM_WITHIN)
    assert here.sweep() == 2
    connection = here.connection_of(ticket)
    assert (connection.health, connection.health_reason) == ("disconnected", None)


def test_what_was_disconnected_meanwhile_is_not_confirmed(here: Here) -> None:
    pending, existing = here.consent(), here.consent("second", "UC1")
    with here.store.write() as session:
        for ticket in (pending, existing):
            connections.disconnect(session, ticket.connection_ids[0])
    for ticket in (pending, existing):
        with pytest.raises(Conflict) as caught:
            here.confirm(ticket)
        assert caught.value.code == "disconnected"
        assert not here.connection_of(ticket).is_active


def test_doing_the_exchange_again_finds_it_done(here: Here) -> None:
    ticket = here.consent()
    assert here.connect(ticket).outcome.connection_ids == ticket.connection_ids
    assert here.ticket(ticket).confirm_by == ticket.confirm_by


def test_a_failed_record_takes_nothing_from_what_awaits_its_confirmation(here: Here) -> None:
    ticket = here.consent()
    with here.store.write() as session:
        tickets.settle_ticket(session, ticket.id, state=TicketState.FAILED)
    assert here.confirm(ticket).state == TicketState.CONNECTED


def test_the_log_has_only_ends_that_are_the_tickets(
    here: Here, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="castline.consents")
    ticket = here.consent()
    end_ticket(here.store, ticket.id, TicketOutcome(TicketState.FAILED, error="Too late."))
    assert caplog.messages == []
    here.let_pass(ticket)
    here.sweep()
    assert caplog.messages == [
        f"ticket {ticket.id} for youtube ended as expired: confirmation_expired: "
        f"{here.ticket(ticket).error}"
    ]


def test_a_sweep_of_the_tickets_that_nobody_settled_leaves_it_alone(here: Here) -> None:
    here.consent()
    with here.store.read() as session:
        assert not tickets.list_unsettled_tickets(
            session, expired_before=now() + timedelta(days=1), limit=10
        )


def test_a_removal_leaves_alone_what_is_connected(here: Here) -> None:
    with here.store.write() as session:
        unconfirmed.remove_unconfirmed(session, here.connection_id)
    assert here.connection().is_active


def test_who_joins_a_grant_while_nobodys_consent_is_revoked_is_checked_at_once(here: Here) -> None:
    here.let_pass(here.consent())
    joined: list[str] = []
    here.platform.meanwhile = lambda: joined.append(here.authorize("j", account_id=NEW).id)
    assert here.sweep() == 1
    with here.store.read() as session:
        assert care.list_due(session, by=now(), limit=10) == joined
