"""Whom a committed change wakes, and how often Temporal is called for it."""

import asyncio
from pathlib import Path

import pytest
from sqlmodel import Session
from temporalio.client import Client

from domain.health import HEALTHY, Health
from domain.ids import assignment_workflow_id, delivery_workflow_id, reauth_workflow_id
from domain.states import ConnectionHealth
from domain.wakes import ConnectionSettled, DeliveryDue, PersonNeeded, TransferPlaceFree, Wake
from media.source import Pin, VideoFacts
from runtime.settings import Settings
from runtime.temporal import connect, ensure_search_attributes
from runtime.waking import AT_A_TIME, Waker
from store import outbox
from store.engine import Store
from store.keyring import Keyring, create_keyset
from store.queries import workspaces
from store.queries.access import asking, connections
from store.queries.publishing import assignments, videos
from store.tables import Connection, now
from store.vault import Vault
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
    store = Store(settings.database, Vault(Keyring.from_json(create_keyset())))
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


def connection(session: Session) -> Connection:
    workspace = workspaces.create_workspace(session, name="ours")
    return connections.ensure_connection(
        session,
        workspace_id=workspace.id,
        platform="youtube",
        account_id="UC1",
        name="A channel",
        handle=None,
        thumbnail_url=None,
        scopes=["upload"],
    )


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
        row = connection(session)
    Waker(client, store, settings).attach()
    commit(store, PersonNeeded(row.id))

    async def logged() -> str:
        return caplog.text

    await eventually(logged, lambda text: "waits for the next sweep: R" in text, within=20)


# What a wake does at Temporal -------------------------------------------------------------------


@pytest.fixture
async def temporal_client(address: str, settings: Settings) -> Client:
    reached = settings.model_copy(update={"temporal_address": address})
    client = await connect(reached, Keyring.from_json(create_keyset()))
    await ensure_search_attributes(client)
    return client


async def signals(client: Client, workflow_id: str) -> list[str]:
    """What a run was told, in order. Nobody works on it."""
    history = await client.get_workflow_handle(workflow_id).fetch_history()
    return [
        event.workflow_execution_signaled_event_attributes.signal_name
        for event in history.events
        if event.HasField("workflow_execution_signaled_event_attributes")
    ]


async def test_a_free_place_is_offered_once_and_past_a_workflow_that_is_gone(
    temporal_client: Client, store: Store, settings: Settings
) -> None:
    with store.write() as session:
        row = connection(session)
        video = videos.create_video(
            session,
            workspace_id=row.workspace_id,
            source_url="file:///clip.mp4",
            facts=VideoFacts(Pin(5000, "v1"), "clip.mp4", "video/mp4", "mp4", 1000, 640, 360, None),
        )
        queued = [
            assignments.create_assignment(
                session,
                workspace_id=row.workspace_id,
                connection_id=row.id,
                video_id=video.id,
                platform="youtube",
                payload={"title": "A clip"},
            )
            for _ in range(3)
        ]
        for each in queued:
            each.queued_at = now()
    _, second, third = (assignment_workflow_id(each.id) for each in queued)
    for workflow_id in (second, third):
        await temporal_client.start_workflow("AssignmentWorkflow", id=workflow_id, task_queue="x")
    one_place = settings.model_copy(update={"transfers_per_workspace": 1})

    await Waker(temporal_client, store, one_place).wake(TransferPlaceFree(row.workspace_id, False))

    assert await signals(temporal_client, second) == ["transfer_place_free"]
    assert await signals(temporal_client, third) == []


async def test_who_waits_for_a_person_already_is_told_nothing_more_of_the_same_trouble(
    temporal_client: Client, store: Store, settings: Settings
) -> None:
    with store.write() as session:
        row = connection(session)
        connections.mark_health(session, row.id, Health(ConnectionHealth.NEEDS_REAUTH))
    waker, workflow_id = Waker(temporal_client, store, settings), reauth_workflow_id(row.id)
    for _ in range(2):
        await waker.wake(PersonNeeded(row.id))
    assert await signals(temporal_client, workflow_id) == ["settled"] * 2
    with store.write() as session:
        asking.note_reauth_look(session, row.id)
    await waker.wake(PersonNeeded(row.id))
    assert await signals(temporal_client, workflow_id) == ["settled"] * 2
    with store.write() as session:
        connections.mark_health(session, row.id, HEALTHY)
    await waker.wake(ConnectionSettled(row.id))
    assert await signals(temporal_client, workflow_id) == ["settled"] * 3


async def test_a_line_that_is_worked_on_is_told_that_there_is_more(
    temporal_client: Client, store: Store, settings: Settings
) -> None:
    waker = Waker(temporal_client, store, settings)
    for _ in range(2):
        await waker.wake(DeliveryDue("wsp_1", "end_1", "asg_1"))
    assert await signals(temporal_client, delivery_workflow_id("end_1", "asg_1")) == ["more"] * 2
