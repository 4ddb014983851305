"""Endpoints: where a workspace wants to be told, and the secrets that sign what it is told.

One of them has no URL: it stands for the callback addresses of single assignments, and is made
when the first one is named. Whoever changes deliveries holds their endpoint's row first and the
workspace's last, as the outbox does, so nobody waits crosswise.
"""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypedDict, Unpack

from sqlalchemy import func
from sqlmodel import Session, col, delete, select, update

from domain.errors import Conflict
from domain.secrets import Secret
from domain.states import DeliveryState
from domain.wakes import DeliveryDue
from store import outbox
from store.queries.rows import PAGE_LIMIT, Page, found, lock_row, paginate
from store.queries.telling.events import note_endpoint_disabled
from store.sealed import seal_into
from store.tables import Delivery, Endpoint, Workspace, now
from store.vault import Place, Vault

MOST = 20
"""Endpoints of one workspace: each costs a row for every event."""

WOKEN = 300
"""Lines that are woken at once when an endpoint can be told again; Reconcile wakes the rest."""

_NOT_FOUND = "endpoint_not_found"
_SECRET_BYTES = 32


class EndpointChanges(TypedDict, total=False):
    """What a customer may change. An absent key leaves its column as it is."""

    url: str
    description: str | None
    event_types: list[str]
    is_enabled: bool


def create_endpoint(
    session: Session,
    vault: Vault,
    *,
    workspace_id: str,
    url: str,
    description: str | None = None,
    event_types: Sequence[str] = (),
) -> Endpoint:
    """Tell this URL from now on. A retry makes another endpoint.

    Raises `Conflict` (code `too_many_endpoints`).
    """
    lock_row(session, Workspace, workspace_id, code="workspace_not_found")
    count = select(func.count()).where(
        Endpoint.workspace_id == workspace_id, col(Endpoint.sealed_url).is_not(None)
    )
    if session.exec(count).one() >= MOST:
        raise Conflict("too_many_endpoints", f"A workspace has at most {MOST} endpoints.")
    endpoint = Endpoint(
        workspace_id=workspace_id,
        description=description,
        event_types=list(event_types),
        sealed_secret=b"",
    )
    seal_into(session, endpoint, url=url)
    return _insert(session, vault, endpoint)


def ensure_callbacks(session: Session, vault: Vault, workspace_id: str) -> Endpoint:
    """The one endpoint that stands for callback addresses. Idempotent."""
    lock_row(session, Workspace, workspace_id, code="workspace_not_found")
    query = select(Endpoint).where(
        Endpoint.workspace_id == workspace_id, col(Endpoint.sealed_url).is_(None)
    )
    return session.exec(query).one_or_none() or _insert(
        session, vault, Endpoint(workspace_id=workspace_id, sealed_secret=b"")
    )


def get_endpoint(session: Session, workspace_id: str, endpoint_id: str) -> Endpoint:
    query = select(Endpoint).where(
        Endpoint.id == endpoint_id, Endpoint.workspace_id == workspace_id
    )
    return found(session.exec(query).one_or_none(), code=_NOT_FOUND)


def find_endpoint(session: Session, endpoint_id: str) -> Endpoint | None:
    """For work that a workflow was given, never for an id that a request brought."""
    return session.get(Endpoint, endpoint_id)


def find_endpoints(
    session: Session, workspace_id: str, *, page: int = 1, limit: int = PAGE_LIMIT
) -> Page[Endpoint]:
    """A workspace's endpoints, oldest first."""
    query = select(Endpoint).where(Endpoint.workspace_id == workspace_id)
    ordered = query.order_by(col(Endpoint.created_at), Endpoint.id)
    return paginate(session, ordered, page=page, limit=limit)


def update_endpoint(
    session: Session, workspace_id: str, endpoint_id: str, **changes: Unpack[EndpointChanges]
) -> Endpoint:
    """Write a customer's changes. Switched off, it gets nothing of what stands in line either.

    One that is switched on, or gets another URL, begins anew. Raises `Conflict` (code
    `callbacks_endpoint`) for the one that has no URL.
    """
    endpoint = _lock_own(session, workspace_id, endpoint_id)
    changed: dict[str, object] = {**changes}
    if "url" in changes:
        seal_into(session, endpoint, url=str(changed.pop("url")))
    endpoint.sqlmodel_update(changed)
    if changes.get("is_enabled") or "url" in changes:
        welcome_back(session, endpoint)
    if endpoint.is_enabled:
        endpoint.disabled_reason = None
    else:
        discard_line(session, endpoint.id)
    return endpoint


def delete_endpoint(session: Session, workspace_id: str, endpoint_id: str) -> None:
    """Forget an endpoint and its deliveries. Raises `Conflict` (code `callbacks_endpoint`)."""
    endpoint = _lock_own(session, workspace_id, endpoint_id)
    # From here on no other transaction writes a delivery for it.
    lock_row(session, Workspace, workspace_id, code="workspace_not_found")
    session.connection().execute(delete(Delivery).where(col(Delivery.endpoint_id) == endpoint.id))
    session.delete(endpoint)


def lock_endpoint(session: Session, endpoint_id: str) -> Endpoint:
    """The row, held against other writers until the end of the transaction."""
    return lock_row(session, Endpoint, endpoint_id, code=_NOT_FOUND)


def disable(session: Session, endpoint: Endpoint, reason: str) -> None:
    """Stop telling an endpoint that cannot be told, and tell the others so. Idempotent."""
    if endpoint.is_enabled:
        endpoint.is_enabled = False
        endpoint.disabled_reason = reason
        note_endpoint_disabled(session, endpoint)
    discard_line(session, endpoint.id)


def welcome_back(session: Session, endpoint: Endpoint) -> None:
    """Whatever an endpoint has not been told yet is due now: it answers, or may. Idempotent."""
    endpoint.failing_since = None
    session.flush()
    is_waiting = (
        col(Delivery.endpoint_id) == endpoint.id,
        col(Delivery.state) == DeliveryState.PENDING,
    )
    is_later = col(Delivery.due_at) > now()
    session.connection().execute(update(Delivery).where(*is_waiting, is_later).values(due_at=now()))
    # A line whose turn it is not waits for a while, too, though it has been due for long.
    lines = select(Delivery.subject_id).where(*is_waiting).distinct().limit(WOKEN)
    for subject_id in session.exec(lines):
        outbox.wake(session, DeliveryDue(endpoint.workspace_id, endpoint.id, subject_id))


def discard_line_of_disabled(session: Session, endpoint_id: str) -> None:
    """Give up what was written for an endpoint while it was disabled, if it still is."""
    endpoint = lock_endpoint(session, endpoint_id)
    if not endpoint.is_enabled:
        discard_line(session, endpoint_id)


def discard_line(session: Session, endpoint_id: str) -> None:
    """Give up whatever an endpoint has not been told yet. It may be delivered again later."""
    session.connection().execute(
        update(Delivery)
        .where(
            col(Delivery.endpoint_id) == endpoint_id,
            col(Delivery.state) == DeliveryState.PENDING,
        )
        .values(state=DeliveryState.FAILED, settled_at=now())
    )


def rotate_secret(
    session: Session, vault: Vault, workspace_id: str, endpoint_id: str, *, overlap: timedelta
) -> Endpoint:
    """Make another secret; the present one signs beside it for as long as `overlap`.

    A retry makes yet another one, and the one before the present one signs no more.
    """
    get_endpoint(session, workspace_id, endpoint_id)
    endpoint = lock_endpoint(session, endpoint_id)
    old = read_secret(vault, endpoint)
    endpoint.sealed_old_secret = vault.seal(old, _old_place(endpoint.id)) if overlap else None
    endpoint.old_secret_ends_at = now() + overlap if overlap else None
    endpoint.sealed_secret = vault.seal(_new_secret(), _place(endpoint.id))
    return endpoint


def read_secret(vault: Vault, endpoint: Endpoint) -> Secret:
    """The present secret, as a receiver's library takes it: `whsec_` and base64."""
    return vault.open(endpoint.sealed_secret, _place(endpoint.id))


def signing_secrets(vault: Vault, endpoint: Endpoint, moment: datetime) -> list[Secret]:
    """What a delivery is signed with at this moment: the present secret, and one that leaves."""
    old, ends_at = endpoint.sealed_old_secret, endpoint.old_secret_ends_at
    present = [read_secret(vault, endpoint)]
    if old is None or ends_at is None or ends_at <= moment:
        return present
    return [*present, vault.open(old, _old_place(endpoint.id))]


def _insert(session: Session, vault: Vault, endpoint: Endpoint) -> Endpoint:
    endpoint.sealed_secret = vault.seal(_new_secret(), _place(endpoint.id))
    session.add(endpoint)
    session.flush()
    return endpoint


def _lock_own(session: Session, workspace_id: str, endpoint_id: str) -> Endpoint:
    get_endpoint(session, workspace_id, endpoint_id)
    endpoint = lock_endpoint(session, endpoint_id)
    if endpoint.sealed_url is None:
        raise Conflict(
            "callbacks_endpoint",
            "This one stands for the callbackUrl of each assignment: it only has a secret.",
        )
    return endpoint


def _new_secret() -> Secret:
    return Secret("whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode())


def _place(endpoint_id: str) -> Place:
    return Place("endpoint", "sealed_secret", endpoint_id)


def _old_place(endpoint_id: str) -> Place:
    return Place("endpoint", "sealed_old_secret", endpoint_id)
