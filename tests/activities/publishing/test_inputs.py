"""A run that is made of the rows continues where they say it was."""

from datetime import timedelta
from typing import Any

import pytest

from activities.contract.assignments import AssignmentInput
from activities.contract.progress import ParkingMemory, Progress
from activities.publishing.inputs import load_input
from domain.health import Health
from domain.states import AssignmentState, ConnectionHealth, StepName, StepState, WaitReason
from store.queries.access import connections
from store.queries.publishing import assignments, steps, transfers
from store.tables import now
from tests.activities.conftest import Installation

SOON = timedelta(hours=1)


def changed(here: Installation, **columns: Any) -> str:
    """An accepted assignment whose row says so."""
    row = here.assignment()
    with here.store.write() as session:
        held = assignments.lock_assignment(session, row.id)
        for name, value in {"is_started": True, **columns}.items():
            setattr(held, name, value)
    return row.id


def input_of(here: Installation, assignment_id: str) -> AssignmentInput:
    with here.store.read() as session:
        row = assignments.get_assignment_by_id(session, assignment_id)
        return load_input(session, here.registry, row)


def progress_of(here: Installation, assignment_id: str) -> Progress:
    progress = input_of(here, assignment_id).progress
    assert progress is not None
    return progress


def test_what_was_only_accepted_has_no_progress(installation: Installation) -> None:
    assert input_of(installation, changed(installation, is_started=False)).progress is None


@pytest.mark.parametrize(
    ("columns", "has_begun"),
    [
        ({"state": AssignmentState.PENDING}, False),
        ({"state": AssignmentState.PENDING, "queued_at": now()}, True),
        ({"state": AssignmentState.WAITING, "wait_reason": WaitReason.SCHEDULE}, False),
        ({"state": AssignmentState.WAITING, "wait_reason": WaitReason.QUOTA}, True),
        ({"state": AssignmentState.PENDING, "scheduled_at": now() + SOON}, False),
        (
            {
                "state": AssignmentState.PENDING,
                "queued_at": now(),
                "scheduled_at": now() + SOON,
            },
            False,
        ),
        ({"state": AssignmentState.PENDING, "scheduled_at": now() - SOON}, False),
        ({"state": AssignmentState.UPLOADING, "scheduled_at": now() - SOON}, True),
        ({"state": AssignmentState.UPLOADING}, True),
        ({"state": AssignmentState.UNCONFIRMED}, True),
        ({"state": AssignmentState.PROCESSING}, True),
    ],
)
def test_an_edit_is_taken_until_the_transfer_has_begun(
    installation: Installation, columns: dict[str, Any], *, has_begun: bool
) -> None:
    assert progress_of(installation, changed(installation, **columns)).has_begun is has_begun


def test_a_transfer_has_begun_once_it_has_a_row(installation: Installation) -> None:
    assignment_id = changed(installation)
    with installation.store.write() as session:
        transfers.ensure_transfer(session, assignment_id)
    assert progress_of(installation, assignment_id).has_begun


@pytest.mark.parametrize("is_started", [True, False], ids=["started", "a restored row"])
def test_what_is_known_of_the_video_is_kept(
    installation: Installation, *, is_started: bool
) -> None:
    columns = {"platform_id": "v", "platform_url": "https://v", "is_slow": True}
    progress = progress_of(installation, changed(installation, is_started=is_started, **columns))
    assert (progress.platform_id, progress.platform_url) == ("v", "https://v")
    assert (progress.is_slow, progress.gives_up) == (True, False)


@pytest.mark.parametrize("is_started", [True, False])
def test_what_was_given_up_stays_given_up(installation: Installation, *, is_started: bool) -> None:
    columns = {"is_started": is_started, "cancel_requested_at": now()}
    assert progress_of(installation, changed(installation, **columns)).gives_up


def test_what_was_given_up_waits_for_nothing(installation: Installation) -> None:
    assignment_id = changed(
        installation,
        state=AssignmentState.WAITING,
        wait_reason=WaitReason.QUOTA,
        wait_until=now() + SOON,
        cancel_requested_at=now(),
    )
    progress = progress_of(installation, assignment_id)
    assert (progress.gives_up, progress.stand) == (True, None)


def test_a_wait_goes_on_to_its_end_and_the_trouble_keeps_its_age(
    installation: Installation,
) -> None:
    since, until = now() - 3 * SOON, now() + SOON
    waiting = {
        "state": AssignmentState.UNCONFIRMED,
        "wait_reason": WaitReason.PLATFORM,
        "waiting_since": since,
        "waiting_looks": 5,
        "error_code": "outcome_unconfirmed",
        "error": "It is read.",
        "remedy": "wait",
    }
    progress = progress_of(installation, changed(installation, wait_until=until, **waiting))
    assert progress.parking == ParkingMemory(WaitReason.PLATFORM, since, 5, interruptions=0)
    stand = progress.stand
    assert stand is not None
    assert (stand.state, stand.reason, stand.until) == (
        AssignmentState.UNCONFIRMED,
        WaitReason.PLATFORM,
        until,
    )
    assert (stand.since, stand.looks) == (since, 5)
    assert (stand.trouble.code, stand.trouble.sentence) == ("outcome_unconfirmed", "It is read.")
    over = progress_of(installation, changed(installation, wait_until=now() - SOON, **waiting))
    assert over.stand is None
    assert over.parking == progress.parking


@pytest.mark.parametrize(
    ("health", "waits"),
    [
        (ConnectionHealth.NEEDS_REAUTH, True),
        (ConnectionHealth.INSUFFICIENT_SCOPE, True),
        (ConnectionHealth.DISCONNECTED, True),
        (ConnectionHealth.HEALTHY, False),
        (ConnectionHealth.EXPIRING, False),
    ],
)
def test_a_person_who_came_meanwhile_is_not_waited_for(
    installation: Installation, health: ConnectionHealth, *, waits: bool
) -> None:
    assignment_id = changed(
        installation,
        state=AssignmentState.WAITING,
        wait_reason=WaitReason.CONNECTION,
        wait_until=now() + SOON,
    )
    with installation.store.write() as session:
        connections.mark_health(session, installation.connection_id, Health(health))
    assert (progress_of(installation, assignment_id).stand is not None) is waits


def test_a_schedule_is_waited_for_by_the_input_itself(installation: Installation) -> None:
    at = now() + SOON
    assignment_id = changed(
        installation,
        state=AssignmentState.WAITING,
        wait_reason=WaitReason.SCHEDULE,
        wait_until=at,
        scheduled_at=at,
    )
    assert input_of(installation, assignment_id).scheduled_at == at
    assert progress_of(installation, assignment_id).stand is None


def test_the_steps_that_are_left_are_done(installation: Installation) -> None:
    payload = {
        "title": "A clip",
        "thumbnailUrl": "https://origin.test/a.jpg",
        "captions": [{"url": "https://origin.test/a.srt", "language": "en"}],
        "playlistIds": ["PL1"],
    }
    assignment_id = changed(installation)
    with installation.store.write() as session:
        held = assignments.lock_assignment(session, assignment_id)
        held.clear_payload, held.sealed_payload = payload, None
    wanted = input_of(installation, assignment_id)
    assert wanted.extra_steps == [StepName.THUMBNAIL, StepName.CAPTIONS, StepName.PLAYLIST]

    record(installation, assignment_id, StepName.THUMBNAIL, StepState.FAILED, "Too big.")
    # It may be tried again for an hour.
    assert input_of(installation, assignment_id).extra_steps == wanted.extra_steps

    record(installation, assignment_id, StepName.CAPTIONS, StepState.DONE)
    left = input_of(installation, assignment_id)
    assert left.extra_steps == [StepName.PLAYLIST]
    assert left.warnings == {"thumbnail_failed": "Too big."}

    # A retry does it again, and another run of that retry does, too.
    record(installation, assignment_id, StepName.PLAYLIST, StepState.DONE)
    record(installation, assignment_id, StepName.THUMBNAIL, StepState.FAILED, "Too big.")
    again = input_of(installation, assignment_id)
    assert (again.extra_steps, again.warnings) == ([StepName.THUMBNAIL], {})


def record(
    here: Installation, assignment_id: str, name: StepName, state: StepState, error: str = ""
) -> None:
    with here.store.write() as session:
        steps.record_step(
            session, assignment_id=assignment_id, name=name, state=state, error=error or None
        )
