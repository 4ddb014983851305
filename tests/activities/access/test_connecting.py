"""From a consent to connections, several of them at once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.testing import ActivityEnvironment

from activities.access.connecting import TicketActivities
from activities.access.packing import pack
from domain.states import TicketState
from platforms.protocol import Account, Accounts, Credential
from platforms.registry import Registry
from store.engine import Store
from store.queries.access import connections, tickets
from testkit.database import await_waiter, postgres_cluster
from tests.activities.conftest import VAULT, DirectedPlatform, Installation, credential


class ManyAccounts(DirectedPlatform):
    """Its consents give several accounts, in the platform's own order."""

    given: list[str]

    def accounts(self, credential: Credential) -> Accounts:
        return Accounts([Account(id, id, None, None, credential) for id in self.given])


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Only on PostgreSQL rows are held one by one."""
    with postgres_cluster() as cluster:
        yield cluster.create_migrated()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    store = Store(url, VAULT)
    yield store
    store.close()


def test_consents_to_the_same_accounts_wait_for_each_other(url: str, store: Store) -> None:
    platform = ManyAccounts()
    here = Installation(store, platform)
    made = [here.authorize("first", account_id=account) for account in ("A", "B")]
    first, last = sorted(made, key=lambda connection: connection.id)
    platform.given = [last.account_id, first.account_id]
    with store.write() as session:
        ticket = tickets.create_ticket(
            session,
            workspace_id=here.workspace.id,
            platform="youtube",
            redirect_url=None,
            callback_url="http://127.0.0.1/callback",
            expires_at=datetime.now(UTC) + timedelta(minutes=5),
        )
        tickets.keep_grant(session, here.vault, ticket.id, pack(credential("again")))
    activities = TicketActivities(store, here.vault, Registry({"youtube": platform}))
    with ThreadPoolExecutor(1) as pool:
        with store.write() as session:
            connections.lock_connection(session, first.id)
            connecting = pool.submit(ActivityEnvironment().run, activities.connect, ticket.id)
            await_waiter(url)
            # Whoever waits for the first one may hold none behind it.
            connections.lock_connection(session, last.id)
        assert connecting.result().outcome.state == TicketState.CONNECTED
