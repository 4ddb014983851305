"""Is the process alive, and is everything it needs there?"""

from fastapi import APIRouter, Response
from sqlalchemy.exc import SQLAlchemyError

from api.context import Context, Here, on_loop
from api.pages import render
from api.schemas.health import Alive, Readiness
from domain.errors import Unavailable

router = APIRouter(tags=["Health"])


@router.get("/", include_in_schema=False)
def index(here: Here) -> Response:
    return render("index", temporal_ui_url=here.settings.temporal_ui_url)


@router.get("/healthz")
async def healthz() -> Alive:
    """The process lives. Nothing else is looked at."""
    return Alive(status="alive")


@router.get(
    "/readyz", responses={503: {"model": Readiness, "description": "Something is missing."}}
)
def readyz(here: Here, response: Response) -> Readiness:
    """Database, its migrations and Temporal. 503 says which of them is missing."""
    parts = {**_database(here), "temporal": _temporal(here)}
    is_ready = all(state == "ok" for state in parts.values())
    if not is_ready:
        response.status_code = 503
        response.headers["Retry-After"] = "5"
    return Readiness(status="ready" if is_ready else "not ready", parts=parts)


def _database(here: Context) -> dict[str, str]:
    try:
        is_current = here.store.is_current()
    except SQLAlchemyError:
        return {"database": "unreachable", "migrations": "unknown"}
    return {"database": "ok", "migrations": "ok" if is_current else "missing"}


def _temporal(here: Context) -> str:
    try:
        on_loop(here.lifecycles.ping)
    except Unavailable:
        return "unreachable"
    return "ok"
