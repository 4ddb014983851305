"""What the doctor says of sweeps, orphans and restores."""

import json
from collections.abc import Callable
from datetime import timedelta

from sqlmodel import select

from runtime.generation import generation_file
from runtime.health.finding import State
from runtime.settings import Settings
from store.queries import installation as rows
from store.queries.orphans import record_orphan
from store.queries.sweeps import RECONCILE
from store.tables import Assignment, Orphan, Sweep, now
from tests.cli.doctor.conftest import Installation
from tests.support.doctor import look_at

Choose = Callable[..., Settings]
_ALL = select(Assignment)


def swept(here: Installation, *, ago: timedelta, error: str | None = None) -> None:
    with here.store.write() as session:
        session.merge(
            Sweep(name=RECONCILE, finished_at=now() - ago, counts={"rebuilt": 3}, error=error)
        )


async def test_a_sweep_that_is_late_or_left_something_undone_is_a_warning(
    chosen: Choose, installation: Installation
) -> None:
    never = await look_at(chosen(), "sweep")
    assert (never.state, never.fact) == (State.WARNING, "none has ended yet")
    swept(installation, ago=timedelta(seconds=40))
    recent = await look_at(chosen(), "sweep")
    assert (recent.state, recent.figures["rebuilt"]) == (State.OK, 3)
    assert "(3 rebuilt)" in recent.fact
    swept(installation, ago=timedelta(seconds=40), error="temporal_unavailable")
    failing = await look_at(chosen(), "sweep")
    assert (failing.state, "temporal_unavailable" in failing.fact) == (State.WARNING, True)
    swept(installation, ago=timedelta(minutes=10))
    assert (await look_at(chosen(), "sweep")).state is State.WARNING
    assert (await look_at(chosen(reconcile_seconds=600), "sweep")).state is State.OK


async def test_orphans_of_the_last_days_are_named(
    chosen: Choose, installation: Installation
) -> None:
    def found(id: str, *, ago: timedelta) -> None:
        orphan = Orphan(
            workflow_id=id,
            run_id="1",
            type="AssignmentWorkflow",
            started_at=now(),
            found_at=now() - ago,
        )
        with installation.store.write() as session:
            record_orphan(session, orphan)

    found("assignment/old", ago=timedelta(days=8))
    assert (await look_at(chosen(), "orphans")).state is State.OK
    found("assignment/new", ago=timedelta(hours=1))
    finding = await look_at(chosen(), "orphans")
    assert (finding.state, finding.figures["count"]) == (State.WARNING, 1)
    assert "assignment/new" in finding.fact
    assert "assignment/old" not in finding.fact


async def test_a_restore_is_a_warning_until_everything_is_read_back(
    chosen: Choose, installation: Installation
) -> None:
    assert (await look_at(chosen(), "restores")).fact == "none"
    installation.assignment()
    with installation.store.write() as session:
        rows.begin_restore(session, now() - timedelta(hours=1))
    unread = await look_at(chosen(), "restores")
    assert (unread.state, unread.figures["unread"], unread.figures["epoch"]) == (
        State.WARNING,
        1,
        2,
    )
    with installation.store.write() as session:
        rows.mark_histories_read(session)
    assert (await look_at(chosen(), "restores")).state is State.WARNING
    with installation.store.write() as session:
        (row,) = session.exec(_ALL).all()
        row.read_back_from = None
    read = await look_at(chosen(), "restores")
    assert (read.state, "everything was read back" in read.fact) == (State.OK, True)
    with installation.store.write() as session:
        rows.ensure_installation(session).histories_read_at = None
    # What was accepted in the gap has no row here, and Temporal was not asked for it yet.
    assert (await look_at(chosen(), "restores")).state is State.WARNING


async def test_a_database_that_is_older_than_its_work_has_failed(
    chosen: Choose, installation: Installation
) -> None:
    with installation.store.write() as session:
        row = rows.note_generation(session)
        id, generation = row.installation_id, row.generation
    file = generation_file(chosen())
    assert file is not None
    file.write_text(json.dumps({"installation_id": id, "number": generation}))
    assert (await look_at(chosen(), "restores")).state is State.OK
    file.write_text(json.dumps({"installation_id": id, "number": generation + 1}))
    finding = await look_at(chosen(), "restores")
    assert (finding.state, "older than the work" in finding.fact) == (State.FAILED, True)
    file.write_text(json.dumps({"installation_id": "another", "number": 99}))
    assert (await look_at(chosen(), "restores")).state is State.OK
