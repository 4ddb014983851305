"""Idempotency claims: a key belongs to one request from before its work begins.

The claim is committed before the work and answered in the transaction that does it, so of any
number of requests with one key one works, and the others learn whether it still does. A request
that fails gives its key back. One at its work renews its claim, however long a slow origin keeps
it, so one that is not renewed any more died, and is succeeded by the next with the same body. Who
was succeeded and lives on finds another group under its key, and may not write.
"""

from datetime import timedelta
from typing import Any

from sqlmodel import Session

from domain.errors import NotYet
from store.queries.publishing.assignments import list_group
from store.queries.rows import insert_new
from store.queries.telling.events import written
from store.sealed import seal_json_into
from store.tables import IdempotencyClaim, now

RENEWED_EVERY = timedelta(seconds=3)
ABANDONED_AFTER = timedelta(seconds=15)
"""When a claim without an answer counts as a dead process's: after five renewals that did not come.
So much may a busy database delay one, or two machines' clocks differ. To be wrong costs the living
its work, which the other then does, and never makes two."""


def claim_key(
    session: Session, *, workspace_id: str, key: str, fingerprint: str, group_id: str
) -> IdempotencyClaim | None:
    """Claim a key for the request that makes this group. None: it is ours; else who has it.

    Of two transactions at once the second waits for the first. On retry with the same group:
    the claim is found, and is nobody else's.
    """
    while not insert_new(
        session,
        IdempotencyClaim(
            workspace_id=workspace_id, key=key, fingerprint=fingerprint, group_id=group_id
        ),
    ):
        earlier = _find_locked(session, workspace_id, key)
        if earlier is None:
            continue  # given back between the two looks
        if earlier.group_id == group_id:
            return None
        if earlier.fingerprint != fingerprint or not _is_abandoned(session, earlier):
            return earlier
        earlier.group_id = group_id
        earlier.created_at = now()
        return None
    return None


def answer_claim(
    session: Session, *, workspace_id: str, key: str, group_id: str, answer: dict[str, Any]
) -> None:
    """Keep what is answered, in the transaction that makes the group's assignments.

    Raises `NotYet` (code `in_flight`) when another request has taken the key over: then
    nothing of the transaction may stay.
    """
    claim = _find_locked(session, workspace_id, key)
    if claim is None or claim.group_id != group_id:
        raise in_flight(claim)
    seal_json_into(session, claim, answer=answer)


def renew_claim(session: Session, *, workspace_id: str, key: str, group_id: str) -> None:
    """Say that the request is still at its work. What is another's is left alone."""
    claim = _find_locked(session, workspace_id, key)
    if claim is not None and claim.group_id == group_id:
        claim.created_at = now()


def discard_claim(session: Session, *, workspace_id: str, key: str, group_id: str) -> None:
    """Give the key of a failed request back. What is answered or another's is left alone."""
    claim = _find_locked(session, workspace_id, key)
    if claim is not None and claim.group_id == group_id and claim.sealed_answer is None:
        session.delete(claim)


def in_flight(claim: IdempotencyClaim | None) -> NotYet:
    """The refusal of a request whose twin is at its work, or was cut off lately."""
    until = claim.created_at + ABANDONED_AFTER if claim and claim.sealed_answer is None else None
    taken = f"from {written(until)} on" if until else "now"
    return NotYet(
        "in_flight",
        "The first request with this idempotency key is under way: send it again for its answer. "
        f"If that one was cut off, this one is taken {taken}.",
        until=until,
    )


def _find_locked(session: Session, workspace_id: str, key: str) -> IdempotencyClaim | None:
    return session.get(
        IdempotencyClaim, (workspace_id, key), with_for_update=True, populate_existing=True
    )


def _is_abandoned(session: Session, claim: IdempotencyClaim) -> bool:
    if claim.sealed_answer is not None or claim.created_at > now() - ABANDONED_AFTER:
        return False
    # Before answers were kept, a claim was made together with its assignments.
    return not list_group(session, claim.workspace_id, claim.group_id)
