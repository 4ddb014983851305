"""Orphans: the workflows that ran without an unsettled row and were terminated."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from store.tables import Orphan


def record_orphan(session: Session, orphan: Orphan) -> None:
    """Write what is known of one, before it is terminated. Idempotent; the latest word stands."""
    session.merge(orphan)


def list_orphans(session: Session, *, limit: int) -> Sequence[Orphan]:
    """Found latest first."""
    return session.exec(select(Orphan).order_by(col(Orphan.found_at).desc()).limit(limit)).all()
