"""Is the process alive, and can it accept requests?"""

from fastapi import APIRouter, Request, Response

from api.context import Context, Here
from api.pages import render
from api.schemas.health import Alive, Readiness
from runtime.health.finding import Finding
from runtime.health.readiness import body_of, check_api, is_ready

router = APIRouter(tags=["Health"])


@router.get("/", include_in_schema=False)
async def index(here: Here) -> Response:
    return render("index", temporal_ui_url=here.settings.temporal_ui_url)


@router.get("/livez")
async def livez() -> Alive:
    """The process lives. Nothing else is looked at."""
    return Alive(status="alive")


@router.get(
    "/readyz", responses={503: {"model": Readiness, "description": "The API cannot accept."}}
)
async def readyz(here: Here, request: Request, response: Response) -> Readiness:
    """Whether the API can accept requests, and the state of each part.

    503 when the database cannot be read or written, its schema is another version's, its disk is
    nearly full or the key set is gone. Without Temporal or a worker the API accepts, and what it
    accepted starts later: a warning. It answers within seconds, also while every thread is taken
    and the database hangs.
    """

    async def look() -> list[Finding]:
        return await _look(here)

    findings = await request.app.state.readiness.join(look)
    if not is_ready(findings):
        response.status_code = 503
        response.headers["Retry-After"] = "5"
    return Readiness.model_validate(body_of(findings))


async def _look(here: Context) -> list[Finding]:
    return await check_api(
        here.settings,
        here.store,
        here.keyring,
        here.heartbeat,
        ping=here.lifecycles.ping,
        find_unpolled=here.lifecycles.find_unpolled,
    )
