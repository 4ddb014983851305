"""Who is calling.

A workspace's key opens its workspace on both surfaces, an operator's key opens the codec
and nothing else. Keys are found by their digest, so a lookup takes the same time for
every wrong one, and a revoked key ends with the request that was under way. What came of a
key is said to the request's visit, which counts and logs the refused ones.
"""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.admission import visit_of
from api.context import Context, Here
from domain.errors import Unauthorized
from domain.ids import WorkspaceId
from domain.secrets import Secret
from store.queries import workspaces

bearer = HTTPBearer(auto_error=False, description="A workspace's key: `castline keys create`.")
Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]


def get_caller(here: Here, request: Request, bearer: Bearer) -> WorkspaceId:
    """The workspace that the key opens. Raises `Unauthorized`."""
    if bearer is not None:
        with here.store.read() as session:
            key = workspaces.find_key(session, Secret(bearer.credentials))
        if key is not None and key.workspace_id is not None:
            visit_of(request).accept_key(bearer.credentials)
            request.state.workspace_id = WorkspaceId(key.workspace_id)
            return WorkspaceId(key.workspace_id)
        visit_of(request).refuse_key(bearer.credentials)
    raise Unauthorized("unauthorized", "Send `Authorization: Bearer` with a key of the workspace.")


Caller = Annotated[WorkspaceId, Depends(get_caller)]
"""The workspace whose key came with the request."""


def is_operator(here: Context, key: Secret) -> bool:
    """True for an operator's key that was not revoked."""
    with here.store.read() as session:
        row = workspaces.find_key(session, key)
    return row is not None and row.workspace_id is None


def check_operator(here: Context, request: Request, key: Secret) -> bool:
    """The same for a key that came with the request: a refused one is counted and logged.

    Raises `TooManyRequests` when too many wrong ones came from this address.
    """
    visit = visit_of(request)
    visit.check_key()
    if is_operator(here, key):
        visit.accept_key(key.reveal())
        return True
    visit.refuse_key(key.reveal())
    return False
