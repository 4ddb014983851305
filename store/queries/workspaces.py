"""Workspaces, their keys and their organizations.

A key is shown once, when it is made; the database has its digest. An operator's key
belongs to no workspace and opens none.
"""

import hashlib
import secrets
from collections.abc import Collection, Sequence
from pathlib import Path

from sqlmodel import Session, col, select

from domain.errors import Conflict, NotFound
from domain.secrets import Secret
from store.queries.rows import PAGE_LIMIT, Page, found, insert_new, lock_row, paginate
from store.tables import ApiKey, Organization, Workspace, now

_KEY_BYTES = 32
_HINT_LENGTH = 4


def create_workspace(session: Session, *, name: str) -> Workspace:
    """Raises `Conflict` (code `workspace_exists`) when the name is taken."""
    workspace = Workspace(name=name)
    if not insert_new(session, workspace):
        raise Conflict("workspace_exists", "A workspace of this name exists already.")
    return workspace


def get_workspace(session: Session, workspace_id: str) -> Workspace:
    return found(session.get(Workspace, workspace_id), code="workspace_not_found")


def find_workspace_by_name(session: Session, name: str) -> Workspace | None:
    return session.exec(select(Workspace).where(Workspace.name == name)).one_or_none()


def list_workspaces(session: Session) -> Sequence[Workspace]:
    return session.exec(select(Workspace).order_by(Workspace.name)).all()


def known_workspaces(session: Session, workspace_ids: Collection[str]) -> set[str]:
    """Those of the ids that have a row."""
    return set(session.exec(select(Workspace.id).where(col(Workspace.id).in_(workspace_ids))))


def set_storage_quota(session: Session, workspace_id: str, *, quota: int | None) -> Workspace:
    """Set how many bytes of uploads it may keep; None for the default of the settings."""
    workspace = lock_row(session, Workspace, workspace_id, code="workspace_not_found")
    workspace.storage_quota = quota
    return workspace


def set_redirect_prefixes(
    session: Session, workspace_id: str, *, prefixes: Sequence[str]
) -> Workspace:
    """Replace the places that an OAuth result may be sent to."""
    workspace = lock_row(session, Workspace, workspace_id, code="workspace_not_found")
    workspace.redirect_prefixes = list(prefixes)
    return workspace


def allow_redirect(session: Session, workspace_id: str, *, prefix: str) -> Workspace:
    """Add one such place. Idempotent."""
    workspace = lock_row(session, Workspace, workspace_id, code="workspace_not_found")
    if prefix not in workspace.redirect_prefixes:
        workspace.redirect_prefixes = [*workspace.redirect_prefixes, prefix]
    return workspace


def add_media_root(session: Session, workspace_id: str, *, folder: Path) -> Workspace:
    """Let a workspace publish the files of an absolute folder. Idempotent."""
    workspace = lock_row(session, Workspace, workspace_id, code="workspace_not_found")
    if str(folder) not in workspace.media_roots:
        workspace.media_roots = [*workspace.media_roots, str(folder)]
    return workspace


def remove_media_root(session: Session, workspace_id: str, *, folder: Path) -> Workspace:
    """Take a folder from a workspace. Raises `NotFound` (code `media_root_not_found`)."""
    workspace = lock_row(session, Workspace, workspace_id, code="workspace_not_found")
    if str(folder) not in workspace.media_roots:
        raise NotFound("media_root_not_found", f"{folder} is not a media root of {workspace.name}.")
    workspace.media_roots = [root for root in workspace.media_roots if root != str(folder)]
    return workspace


def find_media_roots(
    session: Session, workspace_id: str, *, of_the_oldest: Sequence[Path] = ()
) -> Sequence[Path]:
    """The media roots of a workspace: its own, and those that only the oldest workspace has.

    An unknown workspace has none.
    """
    workspace = session.get(Workspace, workspace_id)
    if workspace is None:
        return []
    by_age = select(Workspace.id).order_by(col(Workspace.created_at), col(Workspace.id))
    is_oldest = session.exec(by_age.limit(1)).one() == workspace_id
    return [*map(Path, workspace.media_roots), *(of_the_oldest if is_oldest else ())]


def create_key(
    session: Session, *, workspace_id: str | None, label: str = ""
) -> tuple[ApiKey, Secret]:
    """Make a key with 256 random bits; without a workspace, an operator's.

    The `Secret` is the only copy. A retry makes another key.
    """
    if workspace_id is not None:
        get_workspace(session, workspace_id)
    prefix = "cl_op_" if workspace_id is None else "cl_"
    key = Secret(prefix + secrets.token_urlsafe(_KEY_BYTES))
    row = ApiKey(
        workspace_id=workspace_id,
        digest=_digest(key),
        hint=key.reveal()[-_HINT_LENGTH:],
        label=label,
    )
    session.add(row)
    session.flush()
    return row, key


def find_key(session: Session, key: Secret) -> ApiKey | None:
    """The row of a key that is one of ours and was not revoked."""
    query = select(ApiKey).where(ApiKey.digest == _digest(key), col(ApiKey.revoked_at).is_(None))
    return session.exec(query).one_or_none()


def list_keys(session: Session, workspace_id: str | None) -> Sequence[ApiKey]:
    """A workspace's keys, or the operators', oldest first; the revoked ones too."""
    query = select(ApiKey).where(ApiKey.workspace_id == workspace_id)
    return session.exec(query.order_by(col(ApiKey.created_at), ApiKey.id)).all()


def find_key_by_ending(session: Session, ending: str) -> ApiKey:
    """The one key whose id or whose own characters end like this, at least four of them.

    Raises `NotFound`, and `Conflict` (code `key_ambiguous`) where several do.
    """
    keys = session.exec(select(ApiKey).order_by(col(ApiKey.created_at), ApiKey.id)).all()
    exact = [row for row in keys if row.id == ending]
    matching = exact or [
        row
        for row in keys
        if len(ending) >= _HINT_LENGTH and (row.id.endswith(ending) or row.hint == ending)
    ]
    if len(matching) > 1:
        ids = ", ".join(row.id for row in matching)
        raise Conflict("key_ambiguous", f"Several keys end with {ending}. Name one of {ids}.")
    return found(matching[0] if matching else None, code="key_not_found")


def revoke_key(session: Session, key_id: str) -> ApiKey:
    """End a key, for every request that begins from now on. Idempotent."""
    row = lock_row(session, ApiKey, key_id, code="key_not_found")
    row.revoked_at = row.revoked_at or now()
    return row


def create_organization(
    session: Session, *, workspace_id: str, name: str, external_id: str | None = None
) -> Organization:
    get_workspace(session, workspace_id)
    organization = Organization(workspace_id=workspace_id, name=name, external_id=external_id)
    session.add(organization)
    session.flush()
    return organization


def get_organization(session: Session, workspace_id: str, organization_id: str) -> Organization:
    query = select(Organization).where(
        Organization.id == organization_id, Organization.workspace_id == workspace_id
    )
    return found(session.exec(query).one_or_none(), code="organization_not_found")


def list_organizations(
    session: Session, workspace_id: str, *, page: int = 1, limit: int = PAGE_LIMIT
) -> Page[Organization]:
    """A workspace's organizations, oldest first."""
    query = select(Organization).where(Organization.workspace_id == workspace_id)
    ordered = query.order_by(col(Organization.created_at), Organization.id)
    return paginate(session, ordered, page=page, limit=limit)


def _digest(key: Secret) -> str:
    return hashlib.sha256(key.reveal().encode()).hexdigest()
