"""Platforms and what they take."""

from fastapi import Depends

from api.auth import get_caller
from api.context import Here
from api.routes.paging import PathId
from api.routes.strict import json_router
from api.schemas.problem import answers
from api.schemas.v1.platforms import CapabilitiesView, PlatformList, PlatformView
from domain.errors import Conflict, NotFound
from domain.states import PlatformName

router = json_router("/platforms", "Platforms", dependencies=[Depends(get_caller)])


@router.get("")
def read_all(here: Here) -> PlatformList:
    """The platforms that this installation has app credentials for."""
    known = (here.registry.get(name) for name in here.registry.names)
    return PlatformList(
        items=[
            PlatformView(name=platform.name, types=list(platform.capabilities.types))
            for platform in known
        ]
    )


@router.get("/{platform}/capabilities", responses=answers(NotFound, Conflict))
def capabilities(here: Here, platform: PathId) -> CapabilitiesView:
    """What it takes: types, limits, and the schema of an assignment's payload."""
    if platform not in frozenset(PlatformName):
        raise NotFound("platform_not_found", "There is no such platform.")
    limits = here.registry.get(platform).capabilities
    return CapabilitiesView(
        name=platform,
        types=list(limits.types),
        max_bytes=limits.max_bytes,
        max_duration_seconds=limits.max_duration_seconds,
        scopes=list(limits.scopes),
        payload_schema=dict(limits.payload_schema),
    )
