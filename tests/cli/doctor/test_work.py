"""What the doctor says of accepted work: open, stuck, overdue."""

from collections.abc import Callable
from datetime import timedelta

from domain.states import AssignmentState
from runtime.health.finding import State
from runtime.settings import Settings
from store.queries.access import tickets
from store.queries.publishing import assignments
from store.tables import now
from tests.cli.doctor.conftest import Installation
from tests.support.doctor import look, look_at

Choose = Callable[..., Settings]
HOUR = timedelta(hours=1)


def assignment(here: Installation, state: AssignmentState, *, unmoved: timedelta) -> str:
    row = here.assignment()
    with here.store.write() as session:
        held = assignments.lock_assignment(session, row.id)
        held.state = state
        held.updated_at = held.created_at = now() - unmoved
        if state is AssignmentState.WAITING:
            held.wait_reason, held.wait_until = "quota", now() - unmoved
    return row.id


async def test_open_work_is_counted_by_state_and_age(
    chosen: Choose, installation: Installation
) -> None:
    assert (await look_at(chosen(), "open work")).fact == "none"
    assignment(installation, AssignmentState.WAITING, unmoved=2 * HOUR)
    assignment(installation, AssignmentState.WAITING, unmoved=3 * HOUR)
    assignment(installation, AssignmentState.PROCESSING, unmoved=HOUR)
    assignment(installation, AssignmentState.PUBLISHED, unmoved=9 * HOUR)
    found = {one.subject: one for one in await look(chosen(), "open work")}
    assert list(found) == ["open work: processing", "open work: waiting (quota)"]
    waiting = found["open work: waiting (quota)"]
    assert waiting.fact == "2, the oldest 3 h old; at most 3 h without a change"
    assert waiting.figures["count"] == 2
    assert {one.state for one in found.values()} == {State.OK}


async def test_what_waits_for_its_source_says_what_helps(
    chosen: Choose, installation: Installation
) -> None:
    waiting = assignment(installation, AssignmentState.WAITING, unmoved=HOUR)
    with installation.store.write() as session:
        assignments.lock_assignment(session, waiting).wait_reason = "source"
    found = await look_at(chosen(), "open work", "open work: waiting (source)")
    assert "PATCH /api/v1/assignments/{id} with mediaUrl" in found.fact


async def test_work_that_is_due_and_does_not_move_has_failed(
    chosen: Choose, installation: Installation
) -> None:
    running = assignment(installation, AssignmentState.PROCESSING, unmoved=HOUR)
    found = await look_at(chosen(), "stuck work", "stuck assignments")
    assert (found.state, found.figures["count"]) == (State.OK, 0)
    stuck = [
        assignment(installation, AssignmentState.UPLOADING, unmoved=9 * HOUR),
        *(
            assignment(installation, AssignmentState.WAITING, unmoved=(8 - hours) * HOUR)
            for hours in range(6)
        ),
    ]
    found = await look_at(chosen(), "stuck work", "stuck assignments")
    assert (found.state, found.figures["count"]) == (State.FAILED, len(stuck))
    for id in stuck[:5]:
        assert id in found.fact
    assert f"{stuck[0]} (uploading, unmoved for 9 h)" in found.fact
    assert "and 2 more" in found.fact
    assert running not in found.fact


async def test_a_ticket_that_nobody_ended_has_failed(
    chosen: Choose, installation: Installation
) -> None:
    overdue(installation, minutes=10)
    assert (await look_at(chosen(), "stuck work", "stuck tickets")).state is State.OK
    overdue(installation, minutes=20)
    found = await look_at(chosen(), "stuck work", "stuck tickets")
    assert (found.state, found.figures["count"]) == (State.FAILED, 1)


def overdue(here: Installation, *, minutes: int) -> None:
    with here.store.write() as session:
        tickets.create_ticket(
            session,
            workspace_id=here.workspace.id,
            platform="youtube",
            redirect_url=None,
            callback_url="http://127.0.0.1:9/callback",
            expires_at=now() - timedelta(minutes=minutes),
        )
