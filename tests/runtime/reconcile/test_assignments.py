"""Which assignments are given another run, and what a failure leaves to the next sweep."""

import asyncio
from datetime import timedelta

import pytest
from sqlmodel import insert, update

from activities.contract.assignments import AssignmentInput
from domain.errors import Unavailable
from domain.evidence import EvidenceKind, Loss
from domain.ids import assignment_workflow_id
from platforms.registry import Registry
from runtime.reconcile.assignments import (
    AT_ONCE_AGAIN,
    GRACE,
    LONGEST_PAUSE,
    AssignmentSweep,
    pause_after,
)
from runtime.reconcile.pace import PER_SECOND, Repairs
from runtime.reconcile.pages import PAGE
from runtime.reconcile.rebuilding import Rebuilder
from store.queries.publishing import assignments
from store.queries.publishing.evidence import Observation, add_evidence
from store.tables import Assignment, Evidence, now
from tests.activities.conftest import Installation
from tests.support.lifecycles import DirectedLifecycles

LONG_AGO = timedelta(hours=1)


class Temporal(DirectedLifecycles):
    """Knows no workflow, starts what it is asked to, and some cannot be reached."""

    away: frozenset[str] = frozenset()

    async def start_assignment(self, assignment: AssignmentInput) -> None:
        if assignment.assignment_id in self.away:
            raise Unavailable("temporal_unavailable", "Away.")
        await super().start_assignment(assignment)

    @property
    def started(self) -> list[str]:
        return [one.assignment_id for one in self.assignments]


class Swept:
    def __init__(self, here: Installation, temporal: Temporal, registry: Registry | None = None):
        self.temporal = temporal
        self.repairs = Repairs()
        rebuilder = Rebuilder(here.store, registry or here.registry, temporal)
        self._sweep = AssignmentSweep(here.store, rebuilder)

    async def sweep(self, *running: str) -> int:
        return await self._sweep.run({assignment_workflow_id(id) for id in running}, self.repairs)


@pytest.fixture
def temporal() -> Temporal:
    return Temporal()


def left_alone(here: Installation, *, age: timedelta = LONG_AGO) -> str:
    row = here.assignment()
    with here.store.write() as session:
        held = assignments.lock_assignment(session, row.id)
        held.created_at -= age
        held.updated_at -= age
    return row.id


async def test_what_cannot_be_started_holds_up_none_of_the_others(
    installation: Installation, temporal: Temporal, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = left_alone(installation), left_alone(installation)
    temporal.away = frozenset({first})
    swept = Swept(installation, temporal)

    assert await swept.sweep() == 1

    assert temporal.started == [second]
    assert f"{first} is left to the next sweep: temporal_unavailable" in caplog.text
    temporal.away = frozenset()
    assert await swept.sweep(second) == 1
    assert temporal.started == [second, first]


async def test_any_number_that_cannot_be_started_holds_up_none_of_the_others(
    installation: Installation, temporal: Temporal
) -> None:
    hopeless = installation.assignment().model_dump()
    hopeless |= {"platform": "nowhere", "updated_at": now() - 2 * LONG_AGO}
    with installation.store.write() as session:
        session.connection().execute(
            insert(Assignment),
            [
                {**hopeless, "id": f"asg_{number}", "number": number}
                for number in range(1000, 1000 + PAGE + 1)
            ],
        )
    startable = left_alone(installation)
    assert await Swept(installation, temporal).sweep() == 1
    assert temporal.started == [startable]


async def test_who_was_due_first_is_started_first(
    installation: Installation, temporal: Temporal
) -> None:
    ages = [timedelta(hours=1 + hours % 7, minutes=hours) for hours in range(PER_SECOND + 5)]
    by_age = {age: left_alone(installation, age=age) for age in ages}
    await Swept(installation, temporal).sweep()
    due_last = [by_age[age] for age in sorted(ages)[:5]]
    assert sorted(temporal.started[PER_SECOND:]) == sorted(due_last)


async def test_a_row_that_was_just_written_is_left_to_its_own_process(
    installation: Installation, temporal: Temporal
) -> None:
    left_alone(installation, age=GRACE - timedelta(seconds=8))
    assert await Swept(installation, temporal).sweep() == 0


async def test_what_runs_is_not_asked_for(installation: Installation, temporal: Temporal) -> None:
    running = left_alone(installation)
    with installation.store.write() as session:
        assignments.mark_started(session, running, attempt=1)
    temporal.is_away = True
    swept = Swept(installation, temporal)
    assert await swept.sweep(running) == 0
    assert swept.repairs.failures == []


async def test_one_that_may_not_have_heard_of_its_row_is_asked_for_although_it_runs(
    installation: Installation, temporal: Temporal
) -> None:
    running = left_alone(installation)
    assert await Swept(installation, temporal).sweep(running) == 1
    assert temporal.started == [running]


async def test_one_that_takes_long_holds_up_none_of_the_others(
    installation: Installation,
) -> None:
    slow, other = left_alone(installation, age=2 * LONG_AGO), left_alone(installation)
    other_is_started = asyncio.Event()

    class Slow(Temporal):
        async def start_assignment(self, assignment: AssignmentInput) -> None:
            if assignment.assignment_id == slow:
                await asyncio.wait_for(other_is_started.wait(), 10)
            else:
                other_is_started.set()
            await super().start_assignment(assignment)

    temporal = Slow()
    assert await Swept(installation, temporal).sweep() == 2
    assert temporal.started == [other, slow]


async def test_one_whose_run_is_lost_again_and_again_has_to_wait(
    installation: Installation, temporal: Temporal
) -> None:
    asg = left_alone(installation)
    with installation.store.write() as session:
        row = assignments.lock_assignment(session, asg)
        lost = Observation(EvidenceKind.WORKFLOW_LOST, {"how": Loss.FAILED})
        add_evidence(session, row, [lost] * (AT_ONCE_AGAIN - 1))
    swept = Swept(installation, temporal)
    assert await swept.sweep() == 1
    temporal.assignments.clear()
    with installation.store.write() as session:
        add_evidence(session, assignments.lock_assignment(session, asg), [lost])
    assert await swept.sweep() == 0
    with installation.store.write() as session:
        session.connection().execute(
            update(Evidence).values(latest_at=now() - pause_after(AT_ONCE_AGAIN))
        )
    assert await swept.sweep() == 1


def test_the_pause_grows_and_has_an_end() -> None:
    minutes = [pause_after(AT_ONCE_AGAIN + more) / timedelta(minutes=1) for more in range(7)]
    assert minutes == [1, 2, 4, 8, 16, 30, 30]
    assert pause_after(AT_ONCE_AGAIN - 1) == timedelta(0)
    assert pause_after(10**6) == LONGEST_PAUSE
