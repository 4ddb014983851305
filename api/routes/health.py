"""Is the process alive, and is everything it needs there?"""

import asyncio

import anyio
import anyio.lowlevel
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Response
from sqlalchemy.exc import SQLAlchemyError

from api.context import Context, Here
from api.pages import render
from api.schemas.health import Alive, Readiness
from domain.errors import CastlineError, Unavailable

router = APIRouter(tags=["Health"])

LOOK_SECONDS = 3.0
LOOKS_AT_ONCE = 4


@router.get("/", include_in_schema=False)
async def index(here: Here) -> Response:
    return render("index", temporal_ui_url=here.settings.temporal_ui_url)


@router.get("/livez")
async def livez() -> Alive:
    """The process lives. Nothing else is looked at."""
    return Alive(status="alive")


@router.get(
    "/readyz", responses={503: {"model": Readiness, "description": "Something is missing."}}
)
async def readyz(here: Here, response: Response) -> Readiness:
    """Database, its migrations and Temporal. 503 says which of them is missing.

    It answers within seconds, also while every thread is taken and the database hangs.
    """
    database, temporal = await asyncio.gather(_database(here), _temporal(here))
    parts = {**database, "temporal": temporal}
    is_ready = all(state == "ok" for state in parts.values())
    if not is_ready:
        response.status_code = 503
        response.headers["Retry-After"] = "5"
    return Readiness(status="ready" if is_ready else "not ready", parts=parts)


async def _database(here: Context) -> dict[str, str]:
    unreachable = {"database": "unreachable", "migrations": "unknown"}
    try:
        with anyio.fail_after(LOOK_SECONDS):
            # A look that hangs keeps its thread, and only other looks want one of these.
            is_current = await to_thread.run_sync(
                here.store.is_current, abandon_on_cancel=True, limiter=_limiter()
            )
    except (CastlineError, SQLAlchemyError, TimeoutError):
        return unreachable
    return {"database": "ok", "migrations": "ok" if is_current else "missing"}


async def _temporal(here: Context) -> str:
    try:
        with anyio.fail_after(LOOK_SECONDS):
            await here.lifecycles.ping()
    except (Unavailable, TimeoutError):
        return "unreachable"
    return "ok"


_threads = anyio.lowlevel.RunVar[CapacityLimiter]("castline-readiness")


def _limiter() -> CapacityLimiter:
    """The threads for looks at the database, apart from those of endpoints."""
    try:
        return _threads.get()
    except LookupError:
        limiter = CapacityLimiter(LOOKS_AT_ONCE)
        _threads.set(limiter)
        return limiter
