"""Who is calling.

A workspace's key opens its workspace on both surfaces, an operator's key opens the codec
and nothing else. Keys are found by their digest, so a lookup takes the same time for
every wrong one, and a revoked key ends with the request that was under way.
"""

from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.context import Context, Here
from domain.errors import Unauthorized
from domain.ids import WorkspaceId
from domain.secrets import Secret
from store.queries import workspaces

bearer = HTTPBearer(auto_error=False, description="A workspace's key: `castline keys create`.")
Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]


def get_caller(here: Here, bearer: Bearer) -> WorkspaceId:
    """The workspace that the key opens. Raises `Unauthorized`."""
    if bearer is not None:
        with here.store.read() as session:
            key = workspaces.find_key(session, Secret(bearer.credentials))
        if key is not None and key.workspace_id is not None:
            return WorkspaceId(key.workspace_id)
    raise Unauthorized("unauthorized", "Send `Authorization: Bearer` with a key of the workspace.")


Caller = Annotated[WorkspaceId, Depends(get_caller)]
"""The workspace whose key came with the request."""


def is_operator(here: Context, key: Secret) -> bool:
    """True for an operator's key that was not revoked."""
    with here.store.read() as session:
        row = workspaces.find_key(session, key)
    return row is not None and row.workspace_id is None
