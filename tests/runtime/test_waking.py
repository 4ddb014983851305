"""Whom a committed change wakes, and how often Temporal is called for it."""

import asyncio
from pathlib import Path

import pytest
from temporalio.client import Client

from domain.wakes import ConnectionSettled, PersonNeeded, Wake
from runtime.temporal import connect
from runtime.waking import AT_A_TIME, Waker
from settings import Settings
from store import outbox
from store.engine import Store
from store.keyring import Keyring, create_keyset
from store.queries import workspaces
from store.queries.access import connections
from tests.support.stack import eventually

NOWHERE = "127.0.0.1:9"


class NotingWaker(Waker):
    """Notes whom it would wake; each call to Temporal lasts until `answer` is set."""

    def __init__(self, client: Client, store: Store, settings: Settings) -> None:
        super().__init__(client, store, settings)
        self.answer = asyncio.Event()
        self.called: list[Wake] = []

    async def wake(self, concerned: Wake) -> None:
        self.called.append(concerned)
        await self.answer.wait()

    async def has_called(self, times: int) -> None:
        async def calls() -> int:
            return len(self.called)

        await eventually(calls, lambda seen: seen >= times, within=5)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.model_validate(
        {"data_dir": tmp_path, "database_url": None, "temporal_address": NOWHERE}
    )


@pytest.fixture
def store(settings: Settings) -> Store:
    store = Store(settings.database)
    store.migrate()
    return store


@pytest.fixture
async def client(settings: Settings) -> Client:
    """One that finds nobody where it calls."""
    return await connect(settings, Keyring.from_json(create_keyset()), lazy=True)


@pytest.fixture
async def waker(client: Client, store: Store, settings: Settings) -> NotingWaker:
    waker = NotingWaker(client, store, settings)
    waker.attach()
    return waker


def commit(store: Store, *wakes: Wake) -> None:
    with store.write() as session:
        for concerned in wakes:
            outbox.wake(session, concerned)


async def test_a_commit_on_any_thread_wakes(waker: NotingWaker, store: Store) -> None:
    await asyncio.to_thread(commit, store, PersonNeeded("con_1"), ConnectionSettled("con_2"))
    await waker.has_called(2)
    assert waker.called == [PersonNeeded("con_1"), ConnectionSettled("con_2")]


async def test_what_is_rolled_back_wakes_nobody(waker: NotingWaker, store: Store) -> None:
    def fail() -> None:
        with store.write() as session:
            outbox.wake(session, PersonNeeded("con_1"))
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    commit(store, PersonNeeded("con_2"))
    await waker.has_called(1)
    assert waker.called == [PersonNeeded("con_2")]


async def test_what_stands_in_line_for_the_same_is_one(waker: NotingWaker, store: Store) -> None:
    for number in range(AT_A_TIME):
        commit(store, PersonNeeded(f"con_{number}"))
    await waker.has_called(AT_A_TIME)
    for _ in range(50):
        # One of them is under way already, and may have looked too early for this commit.
        commit(store, PersonNeeded("con_0"), PersonNeeded("con_new"))
    waker.answer.set()
    await waker.has_called(AT_A_TIME + 2)
    assert waker.called[AT_A_TIME:] == [PersonNeeded("con_0"), PersonNeeded("con_new")]


async def test_a_temporal_that_is_away_hinders_no_commit(
    client: Client, store: Store, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="castline.waking")
    with store.write() as session:
        workspace = workspaces.create_workspace(session, name="ours")
        connection = connections.ensure_connection(
            session,
            workspace_id=workspace.id,
            platform="youtube",
            account_id="UC1",
            name="A channel",
            handle=None,
            thumbnail_url=None,
            scopes=["upload"],
        )
    Waker(client, store, settings).attach()
    commit(store, PersonNeeded(connection.id))

    async def logged() -> str:
        return caplog.text

    await eventually(logged, lambda text: "waits for the next sweep: R" in text, within=20)
