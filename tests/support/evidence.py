"""What was seen of an upload, as its timeline has it."""

from domain.evidence import EvidenceKind
from store.engine import Store
from store.queries.publishing.assignments import get_assignment_by_id
from store.queries.publishing.timeline import Entry, page_timeline

_MANY = 1000


def evidence_of(store: Store, assignment_id: str, *kinds: EvidenceKind) -> list[Entry]:
    """The entries of these kinds, or of all, in their order."""
    with store.read() as session:
        row = get_assignment_by_id(session, assignment_id)
        story = page_timeline(session, row, page=1, limit=_MANY).items
    return [entry for entry in story if entry.kind in (kinds or tuple(EvidenceKind))]
