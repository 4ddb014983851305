"""What the sweep mends, and what it leaves to the next one."""

import asyncio
from datetime import timedelta

import pytest
from sqlmodel import insert
from temporalio.testing import ActivityEnvironment

from activities.access.confirming import UnconfirmedConsents
from activities.contract.assignments import AssignmentInput
from activities.contract.repair import Repaired
from activities.repairing import BATCH, GRACE, RepairActivities
from domain.errors import Unavailable
from domain.health import HEALTHY, Health
from domain.states import ConnectionHealth
from domain.wakes import ConnectionSettled, PersonNeeded, Wake
from platforms.registry import Registry
from runtime.temporal import RECONCILE_EVERY
from store.queries.access import asking, connections
from store.queries.publishing import assignments
from store.tables import Assignment, now
from tests.activities.conftest import Installation
from workflows import options

LONG_AGO = timedelta(hours=1)


class Swept:
    """Whom the sweep has reached, and who cannot be."""

    def __init__(self, here: Installation, registry: Registry) -> None:
        self.away: set[str] = set()
        self.reached: list[str] = []
        unconfirmed = UnconfirmedConsents(here.store, here.vault, registry)
        self.repair = RepairActivities(here.store, registry, self.start, self.wake, unconfirmed)

    async def sweep(self) -> Repaired:
        swept: Repaired = await ActivityEnvironment().run(self.repair.reconcile)
        return swept

    async def start(self, assignment: AssignmentInput) -> None:
        self.reach(assignment.assignment_id)

    async def wake(self, concerned: Wake) -> None:
        assert isinstance(concerned, PersonNeeded | ConnectionSettled)
        self.reach(concerned.connection_id)

    def reach(self, identity: str) -> None:
        if identity in self.away:
            raise Unavailable("temporal_unavailable", "Away.")
        self.reached.append(identity)


def left_alone(here: Installation) -> str:
    row = here.assignment()
    with here.store.write() as session:
        assignments.lock_assignment(session, row.id).created_at -= LONG_AGO
    return row.id


def broken(here: Installation, account_id: str) -> str:
    connection = here.authorize("token", account_id=account_id)
    with here.store.write() as session:
        connections.mark_health(session, connection.id, Health(ConnectionHealth.NEEDS_REAUTH))
    with here.store.write() as session:
        connections.lock_connection(session, connection.id).health_since = now() - LONG_AGO
    return connection.id


async def test_what_cannot_be_mended_holds_up_none_of_the_others(
    installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = left_alone(installation), left_alone(installation)
    asked = [broken(installation, account) for account in ("A", "B")]
    swept = Swept(installation, installation.registry)
    swept.away = {first, asked[0]}

    assert await swept.sweep() == Repaired(started=1, expired=0, woken=1)

    assert swept.reached == [second, asked[1]]
    assert f"{first} is left to the next sweep: temporal_unavailable" in caplog.text
    swept.away = set()
    assert await swept.sweep() == Repaired(started=1, expired=0, woken=2)


async def test_any_number_that_cannot_be_started_holds_up_none_of_the_others(
    installation: Installation,
) -> None:
    hopeless = installation.assignment().model_dump()
    hopeless |= {"platform": "nowhere", "created_at": now() - 2 * LONG_AGO}
    with installation.store.write() as session:
        session.connection().execute(
            insert(Assignment),
            [
                {**hopeless, "id": f"asg_{number}", "number": number}
                for number in range(1000, 1000 + 2 * BATCH)
            ],
        )
    startable = left_alone(installation)
    swept = Swept(installation, installation.registry)
    assert await swept.sweep() == Repaired(started=1, expired=0)
    assert swept.reached == [startable]


def test_what_a_crash_left_is_repaired_within_a_minute() -> None:
    longest = GRACE + RECONCILE_EVERY
    assert longest < timedelta(minutes=1)


def test_a_sweep_whose_worker_was_killed_costs_no_more_than_one_turn() -> None:
    assert options.RECONCILE["heartbeat_timeout"] < RECONCILE_EVERY


async def test_a_platform_without_an_app_holds_up_no_wake(installation: Installation) -> None:
    left_alone(installation)
    asked = broken(installation, "A")
    swept = Swept(installation, Registry({}))
    assert await swept.sweep() == Repaired(started=0, expired=0, woken=1)
    assert swept.reached == [asked]


async def test_who_is_waited_for_in_vain_is_told_although_nothing_is_parked(
    installation: Installation,
) -> None:
    mended = broken(installation, "A")
    with installation.store.write() as session:
        asking.note_reauth_look(session, mended)
    with installation.store.write() as session:
        connections.mark_health(session, mended, HEALTHY)
    with installation.store.write() as session:
        connections.lock_connection(session, mended).health_since -= LONG_AGO
    swept = Swept(installation, installation.registry)
    assert await swept.sweep() == Repaired(started=0, expired=0, woken=1)
    with installation.store.write() as session:
        asking.note_reauth_look(session, mended)
    assert await swept.sweep() == Repaired(started=0, expired=0)
    assert swept.reached == [mended]


async def test_a_sweep_that_mends_nothing_of_what_it_found_fails(
    installation: Installation,
) -> None:
    swept = Swept(installation, installation.registry)
    assert await swept.sweep() == Repaired(started=0, expired=0)
    swept.away = {left_alone(installation)}
    with pytest.raises(Unavailable):
        await swept.sweep()


async def test_one_that_takes_long_holds_up_none_of_the_others(
    installation: Installation,
) -> None:
    slow, other = left_alone(installation), left_alone(installation)
    other_is_started = asyncio.Event()

    class Slow(Swept):
        async def start(self, assignment: AssignmentInput) -> None:
            if assignment.assignment_id == slow:
                await asyncio.wait_for(other_is_started.wait(), 10)
            else:
                other_is_started.set()
            await super().start(assignment)

    swept = Slow(installation, installation.registry)
    assert await swept.sweep() == Repaired(started=2, expired=0)
    assert swept.reached == [other, slow]


async def test_a_sweep_beats_while_it_mends(installation: Installation) -> None:
    left_alone(installation)
    environment, has_beaten_again = ActivityEnvironment(), asyncio.Event()
    beats: list[int] = []

    def on_beat(*_: object) -> None:
        beats.append(len(beats))
        if len(beats) > 1:
            has_beaten_again.set()

    class UntilItBeats(Swept):
        async def start(self, assignment: AssignmentInput) -> None:
            await asyncio.wait_for(has_beaten_again.wait(), 10)

    environment.on_heartbeat = on_beat
    swept = UntilItBeats(installation, installation.registry)
    assert await environment.run(swept.repair.reconcile) == Repaired(started=1, expired=0)
