"""When a run proves that the database was restored, and what is read of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.evidence import Loss
from domain.states import AssignmentState
from runtime.histories import Known
from runtime.reconcile.gap import Gap
from runtime.runs import Run
from store.queries import installation as restores
from store.queries.publishing import assignments, progress
from store.tables import Assignment
from tests.activities.conftest import Installation
from tests.support.lifecycles import DirectedLifecycles

HOUR = timedelta(hours=1)
NOW = datetime.now(UTC)
COMPLETED = Run("run", False, 1, Loss.COMPLETED, NOW, started_at=NOW - HOUR)
RUNNING = replace(COMPLETED, is_running=True, closed_at=None)


class Temporal(DirectedLifecycles):
    """Its run knows a video."""

    async def read_assignment(self, assignment_id: str) -> Known | None:
        return Known(1, "A clip", has_begun=True, platform_id="dQw")

    async def find_assignment_run(self, assignment_id: str, *, closes: int) -> Run | None:
        return replace(COMPLETED, loss=Loss.TERMINATED)


@pytest.fixture
def temporal() -> Temporal:
    return Temporal()


@pytest.fixture
def gap(installation: Installation, temporal: Temporal) -> Gap:
    return Gap(installation.store, temporal)


def look(here: Installation, row: Assignment) -> Assignment:
    with here.store.read() as session:
        return assignments.get_assignment_by_id(session, row.id)


def epoch(here: Installation) -> int:
    with here.store.write() as session:
        return restores.ensure_installation(session).epoch


def restore(here: Installation, *, are_read: bool = False) -> None:
    with here.store.write() as session:
        restores.begin_restore(session, NOW - HOUR)
        if are_read:
            restores.mark_histories_read(session)


@pytest.mark.parametrize(
    "run",
    [COMPLETED, replace(COMPLETED, attempt=2), replace(RUNNING, attempt=2)],
    ids=["completed", "a later one completed", "a later one runs"],
)
async def test_what_the_row_cannot_have_missed_proves_a_restore(
    installation: Installation, gap: Gap, run: Run
) -> None:
    row, other = installation.assignment(), installation.assignment()

    noticed = await gap.notice(row, run)

    assert epoch(installation) == 2
    # The copy was made after the row was last written, so the gap may begin there.
    assert noticed.read_back_from == row.updated_at - HOUR
    assert look(installation, other).read_back_from == row.updated_at - HOUR
    assert (await gap.notice(noticed, run)).read_back_from == noticed.read_back_from
    assert epoch(installation) == 2


@pytest.mark.parametrize(
    "run",
    [
        None,
        RUNNING,
        replace(COMPLETED, loss=Loss.TERMINATED),
        replace(COMPLETED, loss=Loss.FAILED),
        replace(COMPLETED, attempt=0),
        replace(COMPLETED, attempt=None),
    ],
    ids=["none", "running", "terminated", "failed", "an earlier attempt", "another workflow"],
)
async def test_everything_else_proves_nothing(
    installation: Installation, gap: Gap, run: Run | None
) -> None:
    row = installation.assignment()
    assert (await gap.notice(row, run)).read_back_from is None
    assert epoch(installation) == 1


async def test_of_two_processes_that_see_it_at_once_one_begins_the_restore(
    installation: Installation, gap: Gap
) -> None:
    seen = installation.assignment()
    first = await gap.notice(seen, COMPLETED)
    # The other one read the row before.
    second = await gap.notice(seen, COMPLETED)
    assert second.read_back_from == first.read_back_from
    assert epoch(installation) == 2


@pytest.mark.parametrize("moved", ["settled", "retried"])
async def test_a_row_that_came_as_far_meanwhile_proves_nothing(
    installation: Installation, gap: Gap, moved: str
) -> None:
    seen = installation.assignment()
    run = COMPLETED if moved == "settled" else replace(RUNNING, attempt=2)
    with installation.store.write() as session:
        if moved == "settled":
            progress.record_state(session, seen.id, state=AssignmentState.CANCELLED, warnings={})
        else:
            assignments.lock_assignment(session, seen.id).attempt = 2

    await gap.notice(seen, run)

    assert epoch(installation) == 1


async def test_a_run_of_before_the_restore_is_ended_and_read(
    installation: Installation, gap: Gap, temporal: Temporal
) -> None:
    seen = installation.assignment()
    assert not await gap.is_unread(seen, RUNNING)
    restore(installation)
    row = look(installation, seen)
    assert await gap.is_unread(row, RUNNING)

    run = await gap.read(row, RUNNING)

    assert run is not None
    assert not run.is_running
    assert len(temporal.terminated) == 1
    assert temporal.terminated[0].startswith("The database was restored from a backup")
    row = look(installation, row)
    assert row.platform_id == "dQw"
    assert not await gap.is_unread(row, RUNNING)


@pytest.mark.parametrize(
    ("run", "are_read", "expected"),
    [
        (replace(RUNNING, started_at=NOW + HOUR), False, False),
        (replace(RUNNING, started_at=NOW + HOUR, continues=True), False, True),
        (RUNNING, True, False),
        (replace(COMPLETED, started_at=NOW + HOUR), True, True),
    ],
    ids=["begun after it", "continues one of before", "all were read", "closed"],
)
async def test_which_runs_are_read(
    installation: Installation, gap: Gap, run: Run, are_read: bool, expected: bool
) -> None:
    row = installation.assignment()
    restore(installation, are_read=are_read)
    assert await gap.is_unread(look(installation, row), run) is expected


async def test_a_closed_run_is_read_and_not_ended(
    installation: Installation, gap: Gap, temporal: Temporal
) -> None:
    row = installation.assignment()
    restore(installation)
    await gap.read(look(installation, row), replace(COMPLETED, loss=Loss.TERMINATED))
    assert temporal.terminated == []
    assert look(installation, row).platform_id == "dQw"
