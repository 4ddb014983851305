"""What a re-authorization asks of us."""

import asyncio
from collections.abc import Sequence

import pytest
from temporalio.testing import ActivityEnvironment

from activities.access import reauthorizing
from activities.access.reauthorizing import ReauthActivities
from activities.contract.reauth import Reminder
from domain.errors import Unavailable
from domain.events import EventType
from domain.health import HEALTHY, Health
from domain.states import AssignmentState, ConnectionHealth, WaitReason
from store.queries.access import connections
from store.queries.publishing import assignments, progress
from store.queries.telling.events import list_events_after
from store.tables import Event
from tests.activities.conftest import Installation

BROKEN = Health(ConnectionHealth.NEEDS_REAUTH, "grant_dead")


class Told:
    """Whom the activities have reached."""

    def __init__(self, here: Installation) -> None:
        self.recovered: list[str] = []
        self.gone: list[str] = []
        self.ended: list[str] = []
        self.away: set[str] = set()
        self.activities = ReauthActivities(here.store, self.recover, self.lose, self.end)

    async def recover(self, assignment_id: str) -> None:
        if assignment_id in self.away:
            raise Unavailable("temporal_unavailable", "Away.")
        self.recovered.append(assignment_id)

    async def lose(self, assignment_id: str) -> None:
        self.gone.append(assignment_id)

    async def end(self, assignment_id: str) -> None:
        self.ended.append(assignment_id)


@pytest.fixture
def told(installation: Installation) -> Told:
    return Told(installation)


def mark(here: Installation, health: Health) -> None:
    with here.store.write() as session:
        connections.mark_health(session, here.connection_id, health)


def park(here: Installation, count: int) -> list[str]:
    rows = [here.assignment() for _ in range(count)]
    with here.store.write() as session:
        for row in rows:
            progress.record_state(
                session,
                row.id,
                state=AssignmentState.WAITING,
                wait_reason=WaitReason.CONNECTION,
                warnings={},
            )
    return [row.id for row in rows]


async def release(here: Installation, told: Told, worker: ActivityEnvironment | None = None) -> int:
    worker = worker or ActivityEnvironment()
    woken: int = await worker.run(told.activities.release, here.connection_id)
    return woken


async def abandon(here: Installation, told: Told) -> int:
    ended: int = await ActivityEnvironment().run(told.activities.abandon, here.connection_id)
    return ended


def everything_told(here: Installation) -> Sequence[Event]:
    with here.store.read() as session:
        return list_events_after(
            session, here.workspace.id, 0, limit=100, subject_id=here.connection_id
        )


def notices(here: Installation) -> Sequence[Event]:
    told = everything_told(here)
    return [event for event in told if event.type == EventType.CONNECTION_NEEDS_REAUTH]


def test_a_look_notes_that_somebody_waits(installation: Installation, told: Told) -> None:
    mark(installation, BROKEN)
    park(installation, 2)
    stand = told.activities.survey(installation.connection_id)
    assert (stand.is_needed, stand.reason, stand.waiting) == (True, "grant_dead", 2)
    assert stand.since == installation.connection().health_since
    assert installation.connection().is_reauth_started


def test_a_reminder_is_told_once_whatever_is_retried(
    installation: Installation, told: Told
) -> None:
    mark(installation, BROKEN)
    for number, key in ((1, "first"), (1, "first"), (2, "second")):
        told.activities.remind(Reminder(installation.connection_id, number, key))
    assert [event.data.get("reminder") for event in notices(installation)] == [None, 1, 2]


def test_nobody_is_reminded_of_what_is_well(installation: Installation, told: Told) -> None:
    mark(installation, BROKEN)
    mark(installation, HEALTHY)
    before = everything_told(installation)
    told.activities.remind(Reminder(installation.connection_id, 1, "late"))
    assert everything_told(installation) == before


async def test_everything_parked_is_woken_page_by_page(
    installation: Installation, told: Told
) -> None:
    parked = park(installation, reauthorizing.PAGE + 3)
    assert await release(installation, told) == len(parked)
    assert told.recovered == parked


async def test_what_cannot_be_told_is_told_by_the_retry(
    installation: Installation, told: Told
) -> None:
    parked = park(installation, 3)
    told.away = {parked[1]}
    with pytest.raises(Unavailable):
        await release(installation, told)
    told.away = set()
    assert await release(installation, told) == 3
    assert set(told.recovered) == set(parked)


async def test_what_was_authorized_meanwhile_is_not_cancelled(
    installation: Installation, told: Told
) -> None:
    parked = park(installation, 2)
    assert await abandon(installation, told) == 0
    with installation.store.write() as session:
        connections.disconnect(session, installation.connection_id)
    assert await abandon(installation, told) == 2
    await asyncio.to_thread(installation.authorize, "again")
    assert await abandon(installation, told) == 0
    assert told.ended == parked
    assert told.gone == []


async def test_what_waits_behind_its_last_byte_is_told_that_nobody_comes(
    installation: Installation, told: Told
) -> None:
    stoppable, there = park(installation, 2)
    with installation.store.write() as session:
        assignments.lock_assignment(session, there).platform_id = "video"
        connections.disconnect(session, installation.connection_id)
    assert await abandon(installation, told) == 2
    assert (told.ended, told.gone) == ([stoppable], [there])


async def test_each_one_told_is_a_sign_of_life(installation: Installation, told: Told) -> None:
    park(installation, 3)
    worker = ActivityEnvironment()
    beats: list[object] = []
    worker.on_heartbeat = lambda *details: beats.append(details)
    await release(installation, told, worker)
    assert len(beats) == 3
