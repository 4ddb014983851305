"""Idempotency keys: a request that is sent again does nothing again.

The key is claimed before any work, so a repetition meets one of three things: the first answer,
which is given again word for word; the first request at its work, which is 409; or a key that was
given back because the first one failed. What has the same key and another body is refused.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from domain.errors import Unprocessable
from domain.ids import WorkspaceId
from store.engine import Store
from store.queries.publishing.assignments import list_group
from store.queries.publishing.claims import answer_claim, claim_key, discard_claim, in_flight
from store.tables import Assignment, IdempotencyClaim


@dataclass(frozen=True, slots=True)
class Key:
    """What a caller calls a request by."""

    text: str
    fingerprint: str
    """Hex SHA-256 of the canonical body."""
    tell: Callable[[Sequence[Assignment]], dict[str, Any]]
    """The JSON that the assignments are answered with."""


@contextmanager
def claimed(
    store: Store, workspace_id: WorkspaceId, key: Key, group_id: str
) -> Iterator[Mapping[str, Any] | None]:
    """Hold the key for a request; yields the first answer to it, or None to the first itself.

    A failure gives the key back, unless it came after the commit. Raises `Unprocessable` for a
    key that stands for another body, and `Conflict` (code `in_flight`).
    """
    with store.write() as session:
        earlier = claim_key(
            session,
            workspace_id=workspace_id,
            key=key.text,
            fingerprint=key.fingerprint,
            group_id=group_id,
        )
        answer = None if earlier is None else _answer_of(session, key, earlier)
    try:
        yield answer
    except Exception:
        with store.write() as session:
            discard_claim(session, workspace_id=workspace_id, key=key.text, group_id=group_id)
        raise


def settle(session: Session, key: Key, group: Sequence[Assignment]) -> None:
    """Keep the answer with the work. Raises `Conflict` when the claim was taken over."""
    answer_claim(
        session,
        workspace_id=group[0].workspace_id,
        key=key.text,
        group_id=group[0].group_id,
        answer=key.tell(group),
    )


def _answer_of(session: Session, key: Key, claim: IdempotencyClaim) -> Mapping[str, Any]:
    if claim.fingerprint != key.fingerprint:
        raise Unprocessable(
            "idempotency_key_reused", "This idempotency key stands for another request."
        )
    if claim.answer is not None:
        return claim.answer
    # Before answers were kept, the assignments came with the claim: they are told as they are.
    group = list_group(session, claim.workspace_id, claim.group_id)
    if not group:
        raise in_flight()
    return key.tell(group)
