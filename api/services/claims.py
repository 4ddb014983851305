"""Idempotency keys: a request that is sent again does nothing again.

The key is claimed before any work, so a repetition meets one of three things: the first answer,
which is given again word for word; the first request at its work, which is 409; or a key that was
given back because the first one failed. What has the same key and another body is refused.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from threading import Event, Thread
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from domain.errors import CastlineError, Unprocessable
from domain.ids import WorkspaceId
from store.engine import Store
from store.queries.publishing.assignments import list_group
from store.queries.publishing.claims import (
    RENEWED_EVERY,
    answer_claim,
    claim_key,
    discard_claim,
    in_flight,
    renew_claim,
)
from store.tables import Assignment, IdempotencyClaim

log = logging.getLogger("castline.api")


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
    key that stands for another body, and `NotYet` (code `in_flight`).
    """
    claim = {"workspace_id": workspace_id, "key": key.text, "group_id": group_id}
    with store.write() as session:
        earlier = claim_key(session, fingerprint=key.fingerprint, **claim)
        answer = None if earlier is None else _answer_of(session, key, earlier)
    try:
        with _renewed(store, claim) if answer is None else nullcontext():
            yield answer
    except Exception:
        with store.write() as session:
            discard_claim(session, **claim)
        raise


def settle(session: Session, key: Key, group: Sequence[Assignment]) -> None:
    """Keep the answer with the work. Raises `NotYet` when the claim was taken over."""
    answer_claim(
        session,
        workspace_id=group[0].workspace_id,
        key=key.text,
        group_id=group[0].group_id,
        answer=key.tell(group),
    )


@contextmanager
def _renewed(store: Store, claim: Mapping[str, str]) -> Iterator[None]:
    """Show that the request lives: it is at its work in this thread, and may be for long."""
    is_over = Event()

    def renew() -> None:
        while not is_over.wait(RENEWED_EVERY.total_seconds()):
            try:
                with store.write() as session:
                    renew_claim(session, **claim)
            except (CastlineError, SQLAlchemyError):
                log.warning("a claim could not be renewed")

    renewing = Thread(target=renew, name="claim", daemon=True)
    renewing.start()
    try:
        yield
    finally:
        is_over.set()
        renewing.join()


def _answer_of(session: Session, key: Key, claim: IdempotencyClaim) -> Mapping[str, Any]:
    if claim.fingerprint != key.fingerprint:
        raise Unprocessable(
            "idempotency_key_reused", "This idempotency key stands for another request."
        )
    answer: Mapping[str, Any] | None = claim.answer
    if answer is not None:
        return answer
    # Before answers were kept, the assignments came with the claim: they are told as they are.
    group = list_group(session, claim.workspace_id, claim.group_id)
    if not group:
        raise in_flight(claim)
    return key.tell(group)
