"""Sweeps: which process runs one, and what the latest one did.

A lease in the database lets one process of the installation run a sweep at a time. The holder
renews it, so the sweep of a killed process is run by another one when the lease has ended.
"""

from collections.abc import Mapping
from datetime import timedelta

from sqlmodel import Session

from store.queries.rows import insert_new, lock_row
from store.tables import Sweep, now

RECONCILE = "reconcile"
"""The sweep that compares rows and workflows."""


def begin_sweep(
    session: Session, name: str, *, holder: str, lease: timedelta, every: timedelta
) -> bool:
    """Take the lease. False: another process has it, or one began less than `every` ago."""
    row = _lock(session, name)
    moment = now()
    if row.lease_until is not None and row.lease_until > moment:
        return False
    # Without a holder it was ended in good order, and the latest start says how long ago.
    if row.holder is None and row.started_at is not None and row.started_at > moment - every:
        return False
    row.holder = holder
    row.lease_until = moment + lease
    row.started_at = moment
    return True


def renew_sweep(session: Session, name: str, *, holder: str, lease: timedelta) -> bool:
    """Keep the lease. False: another process has it, and this one must stop."""
    row = _lock(session, name)
    if row.holder != holder:
        return False
    row.lease_until = now() + lease
    return True


def end_sweep(
    session: Session,
    name: str,
    *,
    holder: str,
    counts: Mapping[str, int],
    error: str | None,
) -> None:
    """Give the lease back, and write what was done. Nothing for one that has lost the lease."""
    row = _lock(session, name)
    if row.holder != holder:
        return
    row.holder = None
    row.lease_until = None
    row.finished_at = now()
    row.counts = dict(counts)
    row.error = error


def find_sweep(session: Session, name: str) -> Sweep | None:
    """How the latest one went. None: none ever began."""
    return session.get(Sweep, name)


def _lock(session: Session, name: str) -> Sweep:
    if session.get(Sweep, name) is None:
        insert_new(session, Sweep(name=name))
    return lock_row(session, Sweep, name, code="sweep_not_found")
