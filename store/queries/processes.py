"""Running processes, and the keys that each has in memory.

A process writes its row every few seconds and takes it away when it ends. One that was killed
counts as running until its row has not been written for `ALIVE`.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from sqlmodel import Session, col, delete, select

from domain.errors import Conflict
from store.keyring import Keyring
from store.tables import Process, ReplacedKey, now

SEEN_EVERY = timedelta(seconds=5)
ALIVE = timedelta(seconds=30)
"""Six rows that did not come: so long a busy database may delay one."""


def record_process(
    session: Session, *, id: str, role: str, host: str, pid: int, keyring: Keyring
) -> None:
    """Write that a process runs, and which keys it has. Idempotent."""
    row = session.get(Process, id) or Process(
        id=id, role=role, host=host, pid=pid, primary_key_id=""
    )
    row.key_ids = list(keyring.key_ids)
    row.primary_key_id = keyring.primary_key_id
    row.seen_at = now()
    session.add(row)


def forget_process(session: Session, id: str) -> None:
    """Write that a process has ended, and forget those that were killed. Idempotent."""
    is_dead = col(Process.seen_at) < now() - ALIVE
    session.connection().execute(delete(Process).where((col(Process.id) == id) | is_dead))


def list_running(session: Session) -> Sequence[Process]:
    query = select(Process).where(col(Process.seen_at) >= now() - ALIVE)
    return session.exec(query.order_by(Process.role, Process.host, col(Process.pid))).all()


def record_replaced(session: Session, keyring: Keyring) -> None:
    """Write of each key that it seals nothing any more, the first time that this is certain.

    A key that is the primary one again is taken off. Idempotent.
    """
    known = {row.key_id: row for row in session.exec(select(ReplacedKey))}
    if (again := known.pop(keyring.primary_key_id, None)) is not None:
        session.delete(again)
    for key_id in keyring.key_ids:
        if key_id not in known and key_id != keyring.primary_key_id:
            session.add(ReplacedKey(key_id=key_id))


def find_replaced(session: Session, key_id: str) -> ReplacedKey | None:
    """Since when a key seals nothing. None: it is not certain that it does not."""
    return session.get(ReplacedKey, key_id)


def names_of(processes: Iterable[Process]) -> str:
    """Which processes these are, for a person; empty for none."""
    return ", ".join(f"{row.role} {row.pid} on {row.host}" for row in processes)


def refuse_if_any(processes: Iterable[Process], sentence: str) -> None:
    """Raise `Conflict` (code `processes_behind`) that names the processes."""
    if named := names_of(processes):
        raise Conflict("processes_behind", f"{sentence} {named}.")
