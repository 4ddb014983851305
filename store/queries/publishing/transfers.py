"""Transfers: the evidence of an upload, written before what it is evidence of.

The session is stored before the first byte and the finish is marked before the request
that may complete the upload, so that after any crash the row says what may exist at the
platform. It never says more than that: the truth about the offset is the platform's own.
"""

from sqlmodel import Session, col, delete

from domain.errors import Unconfirmed
from domain.secrets import Secret
from store.queries.rows import insert_new, lock_row
from store.tables import Transfer, now
from store.vault import Place, Vault

_NOT_FOUND = "transfer_not_found"


def ensure_transfer(session: Session, assignment_id: str) -> Transfer:
    """The transfer of an assignment, made without a session if there is none. Idempotent."""
    transfer = find_transfer(session, assignment_id)
    if transfer is not None:
        return transfer
    fresh = Transfer(assignment_id=assignment_id)
    return fresh if insert_new(session, fresh) else _lock(session, assignment_id)


def find_transfer(session: Session, assignment_id: str) -> Transfer | None:
    return session.get(Transfer, assignment_id)


def open_transfer(
    session: Session, vault: Vault, assignment_id: str, session_secret: Secret, *, known: int
) -> Transfer:
    """Store a session that was just opened, in place of an earlier one that is no more.

    Raises `Unconfirmed` when something was decided about the upload since version `known`, 0
    where it had no row: whoever was slow to open his session must not replace another one's.
    """
    ensure_transfer(session, assignment_id)
    transfer = _decide(session, assignment_id, known)
    transfer.sealed_session = vault.seal(session_secret, _place(assignment_id))
    transfer.opened_at = now()
    transfer.finish_sent_at = None
    transfer.lost_at = None
    transfer.is_dead = False
    return transfer


def find_session(vault: Vault, transfer: Transfer) -> Secret | None:
    """The platform's handle of the open session."""
    if transfer.sealed_session is None:
        return None
    return vault.open(transfer.sealed_session, _place(transfer.assignment_id))


def mark_finish_sent(session: Session, assignment_id: str, *, known: int) -> Transfer:
    """Say that from here on the video may exist.

    Raises `Unconfirmed` when something was decided since version `known`, or the session is no
    more: whoever comes second has to read first.
    """
    transfer = _decide(session, assignment_id, known)
    if transfer.sealed_session is None:
        raise _at_it()
    transfer.finish_sent_at = now()
    return transfer


def mark_lost(session: Session, assignment_id: str, *, known: int) -> Transfer:
    """Say that the platform has forgotten the session. The first time stands, on any retry.

    Raises `Unconfirmed` when something was decided since version `known`.
    """
    transfer = _decide(session, assignment_id, known)
    transfer.lost_at = transfer.lost_at or now()
    return transfer


def mark_found(session: Session, assignment_id: str, *, known: int) -> Transfer:
    """Say that the platform knows the session again. Whether the finish was sent stays written.

    Raises `Unconfirmed` when something was decided since version `known`.
    """
    transfer = _decide(session, assignment_id, known)
    transfer.lost_at = None
    return transfer


def mark_dead(session: Session, assignment_id: str) -> None:
    """Say that no video will come of what was uploaded. Idempotent."""
    _lock(session, assignment_id).is_dead = True


def settle_transfer(session: Session, assignment_id: str, *, known: int | None = None) -> Transfer:
    """Erase a session that made no video, or is to count as one that made none.

    Raises `Unconfirmed` when something was decided since version `known`; None: whatever was.
    """
    transfer = clear_session(session, assignment_id, known=known)
    transfer.finish_sent_at = None
    return transfer


def clear_session(session: Session, assignment_id: str, *, known: int | None = None) -> Transfer:
    """Erase the session; whether the finish was sent stays written. None there is as good.

    From here on nobody who knew it can finish it, nor store one that he was about to open.
    Raises `Unconfirmed` when something was decided since version `known`; None: whatever was.
    """
    ensure_transfer(session, assignment_id)
    transfer = _decide(session, assignment_id, known)
    transfer.sealed_session = None
    transfer.lost_at = None
    return transfer


def discard_transfer(session: Session, assignment_id: str) -> None:
    """Remove the row with all its evidence. Never fails: none there is as good."""
    session.exec(delete(Transfer).where(col(Transfer.assignment_id) == assignment_id))


def _decide(session: Session, assignment_id: str, known: int | None) -> Transfer:
    """The row, held, for the decision that follows on version `known`."""
    transfer = _lock(session, assignment_id)
    if known is not None and transfer.version != known:
        raise _at_it()
    transfer.version += 1
    return transfer


def _at_it() -> Unconfirmed:
    return Unconfirmed(
        "outcome_unconfirmed", "Another worker is at this upload; what it did is read first."
    )


def _lock(session: Session, assignment_id: str) -> Transfer:
    return lock_row(session, Transfer, assignment_id, code=_NOT_FOUND)


def _place(assignment_id: str) -> Place:
    return Place("transfer", "sealed_session", assignment_id)
