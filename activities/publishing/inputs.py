"""The input of an assignment's workflow, made from its rows.

A workflow may be lost at any moment of the assignment: terminated, or gone with Temporal's state.
So whatever a run has to know is in the rows, and a run that is made of them continues where the
lost one was. What the platform has is not known here: the transfer asks it.
"""

from collections.abc import Collection, Mapping, Sequence

from sqlmodel import Session

from activities.contract.assignments import AssignmentInput
from activities.contract.progress import ParkingMemory, Progress, Stand
from activities.contract.trouble import Trouble
from domain.errors import Remedy
from domain.health import BROKEN
from domain.states import AssignmentState, ConnectionHealth, StepName, StepState, WaitReason
from platforms.protocol import Platform
from platforms.registry import Registry
from store.queries.access.connections import get_connection_by_id
from store.queries.publishing.steps import list_steps
from store.queries.publishing.transfers import find_transfer
from store.tables import Assignment, Step, now

_BEGUN = frozenset(
    {
        AssignmentState.UPLOADING,
        AssignmentState.UPLOADED,
        AssignmentState.PROCESSING,
        AssignmentState.UNCONFIRMED,
    }
)


def load_input(session: Session, registry: Registry, row: Assignment) -> AssignmentInput:
    """The input of a run that continues from what is recorded.

    Raises `PlatformNotConfigured`.
    """
    connection = get_connection_by_id(session, row.connection_id)
    needs_person = connection.health in (*BROKEN, ConnectionHealth.DISCONNECTED)
    return input_of(
        row,
        registry.get(row.platform),
        steps=list_steps(session, row.id),
        has_transfer=find_transfer(session, row.id) is not None,
        waits=row.wait_reason != WaitReason.CONNECTION or needs_person,
    )


def input_of(
    row: Assignment,
    platform: Platform,
    *,
    steps: Sequence[Step] = (),
    has_transfer: bool = False,
    waits: bool = True,
) -> AssignmentInput:
    """The input of an accepted row, the same for every caller. Pure.

    Without `waits` what it waited for has come, and the next step runs at once.
    """
    ended = _ended(steps)
    return AssignmentInput(
        assignment_id=row.id,
        workspace_id=row.workspace_id,
        connection_id=row.connection_id,
        platform=row.platform,
        title=str(row.payload.get("title") or row.id),
        attempt=row.attempt,
        scheduled_at=row.scheduled_at,
        extra_steps=[each for each in platform.extra_steps(row.payload) if each not in ended],
        warnings={**row.warnings, **_failures(steps, ended)},
        progress=_progress_of(row, has_transfer=has_transfer, waits=waits),
    )


def _progress_of(row: Assignment, *, has_transfer: bool, waits: bool) -> Progress | None:
    is_fresh = not row.is_started and row.platform_id is None
    if is_fresh and row.cancel_requested_at is None:
        return None
    gives_up = row.cancel_requested_at is not None
    return Progress(
        _memory_of(row),
        # What is to be given up waits for nothing that publishing would wait for.
        stand=_stand_of(row) if waits and not gives_up else None,
        has_begun=row.is_started and _has_begun(row, has_transfer=has_transfer),
        gives_up=gives_up,
        is_slow=row.is_slow,
        platform_id=row.platform_id,
        platform_url=row.platform_url,
    )


def _has_begun(row: Assignment, *, has_transfer: bool) -> bool:
    """False while an edit may still change what is sent."""
    if row.scheduled_at is not None and row.scheduled_at > now():
        return False
    match AssignmentState(row.state):
        case AssignmentState.WAITING:
            return row.wait_reason != WaitReason.SCHEDULE
        case AssignmentState.PENDING:
            return has_transfer or row.queued_at is not None
        case state:
            return state in _BEGUN


def _memory_of(row: Assignment) -> ParkingMemory:
    # The same trouble goes on; whether it does, the next look says.
    reason = None if row.waiting_since is None else _reason_of(row)
    return ParkingMemory(reason, row.waiting_since or now(), row.waiting_looks, interruptions=0)


def _reason_of(row: Assignment) -> WaitReason | None:
    return WaitReason(row.wait_reason) if row.wait_reason else None


def _stand_of(row: Assignment) -> Stand | None:
    """What it waits for; the time that it is scheduled for is in the input itself."""
    reason, until = _reason_of(row), row.wait_until
    if reason in (None, WaitReason.SCHEDULE) or until is None or until <= now():
        return None
    trouble = Trouble(
        code=row.error_code or str(reason),
        sentence=row.error or "",
        remedy=row.remedy or Remedy.NONE,
        until=until,
    )
    return Stand(
        AssignmentState(row.state),
        reason,
        until,
        trouble,
        since=row.waiting_since,
        looks=row.waiting_looks,
    )


def _ended(steps: Sequence[Step]) -> Collection[str]:
    """The steps that are done or were given up.

    A step that failed may be tried again for an hour; it is given up when another has been tried
    since.
    """
    latest = max((step.updated_at for step in steps), default=None)
    return {
        step.name
        for step in steps
        if step.state == StepState.DONE
        or (step.state == StepState.FAILED and step.updated_at != latest)
    }


def _failures(steps: Sequence[Step], ended: Collection[str]) -> Mapping[str, str]:
    return {
        StepName(step.name).failed_warning: step.error or ""
        for step in steps
        if step.name in ended and step.state == StepState.FAILED
    }
