"""Which running workflows work for a row that still needs them.

A page of running workflows is held against the rows that they name, with a query for each type.
A row that has ended needs its workflow for a moment more: it records the end before it closes.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import Session

from runtime.reconcile.running import Running
from store.queries import needed
from store.tables import now

CLOSING = timedelta(minutes=10)
"""How long after the end of its row a workflow may still run."""

ASSIGNMENT = "assignment"
_TICKET = "ticket"
_REAUTH = "reauth"
_DELIVERY = "delivery"
_KINDS = (ASSIGNMENT, _TICKET, _REAUTH, _DELIVERY)


@dataclass(frozen=True, slots=True)
class Compared:
    """One page of running workflows."""

    needed: Sequence[Running]
    orphans: Sequence[Running]
    attempts: Mapping[str, int]
    """The attempt that its row is at, by the id of an assignment."""


def compare(session: Session, page: Sequence[Running]) -> Compared:
    """Hold one page against the rows. What is not Castline's own is left out."""
    by_kind: dict[str, set[str]] = defaultdict(set)
    ours = [(*key, one) for one in page if (key := _key_of(one)) is not None]
    for kind, row_id, _ in ours:
        by_kind[kind].add(row_id)
    before = now() - CLOSING
    attempts = needed.find_assignments(session, by_kind[ASSIGNMENT], settled_after=before)
    rows: dict[str, Collection[str]] = {
        ASSIGNMENT: attempts.keys(),
        _TICKET: set(needed.find_tickets(session, by_kind[_TICKET], expired_after=before)),
        _REAUTH: set(needed.find_connections(session, by_kind[_REAUTH])),
        _DELIVERY: set(needed.find_endpoints(session, by_kind[_DELIVERY])),
    }
    return Compared(
        [one for kind, row_id, one in ours if row_id in rows[kind]],
        [one for kind, row_id, one in ours if row_id not in rows[kind]],
        attempts,
    )


def _key_of(one: Running) -> tuple[str, str] | None:
    """The kind of a workflow and the id of its row."""
    kind, _, rest = one.id.partition("/")
    return (kind, rest.partition("/")[0]) if kind in _KINDS else None
