"""Taking over into a restored row what a run of before the restore knew."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from domain.errors import Remedy
from domain.evidence import EvidenceKind
from domain.states import AssignmentState, KnownBy
from store.queries.installation import find_restored
from store.queries.publishing import progress
from store.queries.publishing.assignments import lock_assignment
from store.queries.publishing.evidence import Observation, add_evidence
from store.queries.publishing.read_backs import forget_gap


def take_over(
    session: Session,
    assignment_id: str,
    *,
    attempt: int,
    has_begun: bool,
    platform_id: str | None,
    platform_url: str | None,
    warnings: Mapping[str, str],
    end: AssignmentState | None,
    code: str | None = None,
    sentence: str | None = None,
) -> bool:
    """Write what a run knew of a row that is to be read back. Idempotent.

    True: the row has ended by it. A row whose own attempt is a later one gets the video alone. A
    run that never asked for a transfer has published nothing, so its row needs no reading back.
    """
    row = lock_assignment(session, assignment_id)
    if AssignmentState(row.state).is_settled or row.read_back_from is None:
        return AssignmentState(row.state).is_settled
    is_of_row = attempt >= row.attempt
    row.attempt = max(attempt, row.attempt)
    if platform_id is not None and row.platform_id is None:
        progress.note_finished(session, row.id, platform_id=platform_id, known_by=KnownBy.HISTORY)
        seen = {"platformId": platform_id, "knownBy": KnownBy.HISTORY}
        add_evidence(session, row, [Observation(EvidenceKind.IDENTIFIED, seen)])
    row.platform_url = row.platform_url or platform_url
    if not is_of_row:
        return False
    row.warnings = {**row.warnings, **warnings}
    if end is not None:
        progress.record_state(
            session,
            row.id,
            state=end,
            error_code=code,
            error=sentence,
            remedy=Remedy.WAIT if end is AssignmentState.FAILED else None,
            warnings=row.warnings,
        )
        return True
    if not has_begun and attempt == 1 and _is_of_latest_gap(session, row.read_back_from):
        forget_gap(row)
    return False


def _is_of_latest_gap(session: Session, read_back_from: datetime) -> bool:
    """False where a gap of before has not been read back: this run was begun after it."""
    restored = find_restored(session)
    return restored is not None and read_back_from >= restored.gap_from
