"""`/api/v1`: camelCase, string ids."""

from fastapi import APIRouter

from api.routes.v1 import (
    assignments,
    connections,
    consent,
    events,
    files,
    organizations,
    platforms,
    tickets,
    timeline,
    videos,
    webhooks,
)
from api.schemas.problem import ALWAYS, answers
from domain.errors import Unauthorized

router = APIRouter(prefix="/api/v1")
for _module in (
    tickets,
    organizations,
    connections,
    files,
    videos,
    assignments,
    timeline,
    events,
    webhooks,
    platforms,
):
    router.include_router(_module.router, responses=answers(*ALWAYS, Unauthorized))
router.include_router(consent.router, responses=answers(*ALWAYS))
