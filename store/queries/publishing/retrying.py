"""Retrying: the next attempt of what has ended, and the order to read no more.

Of what is published the steps that failed are done again, and nothing else: the next attempt
knows the video, so it sends none.

A retry keeps what was uploaded and goes on where it was; where an earlier attempt left an
outcome unclear, the next one reads before it sends. While an outcome is being read nothing is
retried, unless a person gives a reason, which ends the reading: the unclear session is dropped
together with the evidence of that order, and the upload is sent anew, or, where it was cancelled
meanwhile, ends as cancelled. From there on two videos are possible, or one that nobody wants.
"""

from collections.abc import Mapping

from sqlmodel import Session

from domain.errors import Conflict, NotYet, Remedy
from domain.evidence import EvidenceKind
from domain.sentences import NAMES
from domain.states import AssignmentState, PlatformName, StepName, WaitReason
from domain.wakes import RetryForced
from store import outbox
from store.queries.installation import require_read_back
from store.queries.publishing.assignments import get_assignment, lock_assignment
from store.queries.publishing.attachments import missing_among
from store.queries.publishing.evidence import Observation, add_evidence
from store.queries.publishing.read_backs import forget_gap
from store.queries.publishing.steps import discard_steps
from store.queries.publishing.transfers import discard_transfer, find_transfer, settle_transfer
from store.queries.telling.events import note_assignment, written
from store.tables import Assignment, now


def begin_retry(
    session: Session,
    workspace_id: str,
    assignment_id: str,
    *,
    warnings: Mapping[str, str] | None = None,
    reason: str | None = None,
) -> Assignment:
    """Begin the next attempt of what failed or was cancelled; the second of two is refused.

    The upload is kept and goes on where it was, unless the platform said that nothing will come
    of it. A `reason` ends the reading of an unclear outcome and is kept as evidence: a running
    attempt then sends anew, or ends as cancelled if it was cancelled meanwhile. Where nothing is
    unclear it changes nothing.

    Of what is published only the steps that failed are done again. Raises `NotYet` (code
    `unconfirmed`) while an outcome is read and there is no reason to force, and `Conflict` (code
    `not_retryable`) in every other state, and for what is published and has no failed step.
    """
    get_assignment(session, workspace_id, assignment_id)
    row = lock_assignment(session, assignment_id)
    state = AssignmentState(row.state)
    is_read = state is AssignmentState.UNCONFIRMED
    if is_read and reason is None:
        raise unconfirmed(
            row,
            "It goes on by itself. `force` with a `reason` ends the reading, and a second video "
            "is possible then.",
        )
    if state is AssignmentState.PUBLISHED:
        return _retry_steps(session, row)
    if not (is_read or state.may_be_retried):
        raise Conflict(
            "not_retryable",
            "Only a failed or cancelled assignment is retried, or the failed steps of a published "
            f"one; this is {state}.",
        )
    if is_read:
        outbox.wake(session, RetryForced(row.id))
    else:
        row.attempt += 1
        row.cancel_requested_at = None
        _forget_dead(session, row)
        require_read_back(session, row)
    if reason is not None and (is_read or _is_unclear(session, row)):
        add_evidence(session, row, [Observation(EvidenceKind.FORCED, {"reason": reason})])
        settle_transfer(session, row.id)
        forget_gap(row)
    discard_steps(session, assignment_id)
    # Until its run has written: a start that is lost is made up for.
    row.is_started = False
    row.state = AssignmentState.PENDING
    row.wait_reason = None
    row.wait_until = None
    row.waiting_since = None
    row.waiting_looks = 0
    row.queued_at = None
    # The source may be another one by now, or well again.
    row.is_slow = False
    row.error_code = None
    row.error = None
    row.remedy = None
    row.warnings = {**missing_among(row.warnings), **(warnings or {})}
    row.bytes_sent = 0
    row.processing_percent = None
    row.updated_at = now()
    note_assignment(session, row)
    return row


def _retry_steps(session: Session, row: Assignment) -> Assignment:
    """Begin an attempt that does the failed steps of a published video again."""
    failed = [step for step in StepName if step.failed_warning in row.warnings]
    if not failed:
        raise Conflict(
            "not_retryable", "It is published, and no step failed: there is nothing to do again."
        )
    row.attempt += 1
    add_evidence(session, row, [Observation(EvidenceKind.STEPS_RETRIED, {"steps": failed})])
    discard_steps(session, row.id, failed)
    codes = {step.failed_warning for step in failed}
    row.warnings = {code: said for code, said in row.warnings.items() if code not in codes}
    row.is_started = False
    row.state = AssignmentState.PROCESSING
    row.updated_at = now()
    note_assignment(session, row)
    return row


def _forget_dead(session: Session, row: Assignment) -> None:
    """Remove an upload of which the platform said that no video will come."""
    transfer = find_transfer(session, row.id)
    if transfer is not None and transfer.is_dead:
        discard_transfer(session, row.id)
        row.platform_id = None
        row.platform_url = None
        row.known_by = None


def _is_unclear(session: Session, row: Assignment) -> bool:
    """True when a session may have made a video, or one of a gap may, and nobody knows."""
    if row.platform_id is not None:
        return False
    transfer = find_transfer(session, row.id)
    return row.read_back_from is not None or (
        transfer is not None
        and transfer.sealed_session is not None
        and transfer.finish_sent_at is not None
    )


def unconfirmed(row: Assignment, meanwhile: str) -> Conflict:
    """The refusal of what cannot be done while an outcome is read, and what is to be known."""
    platform = NAMES[PlatformName(row.platform)]
    doubt = f"Whether {platform} made a video of the upload is not known yet"
    if row.wait_reason == WaitReason.CONNECTION:
        return Conflict(
            "unconfirmed",
            f"{doubt}: it is read once the connection is authorized again. {meanwhile}",
            remedy=Remedy.RECONNECT,
        )
    until = row.wait_until if row.wait_until and row.wait_until > now() else None
    look = f"at {written(until)}" if until else "now"
    return NotYet("unconfirmed", f"{doubt}: it is read again {look}. {meanwhile}", until=until)
