"""Connecting the workspace's channel, and looking at it."""

from fastapi import APIRouter, Request, Response

from api.auth import Caller
from api.context import Here
from api.routes.browser import (
    BrowserRoute,
    Code,
    State,
    find_cookies,
    find_issuers,
    find_words,
    go_back,
)
from api.routes.slashes import both
from api.routes.strict import json_router
from api.schemas.problem import PAGE, answers, pages
from api.schemas.youtube import AuthConcluded, AuthInitiated, ChannelAnswer
from api.services.connections import get_latest_connection, read_channel
from api.services.consent import Callback, conclude
from api.services.tickets import authorize_url, open_ticket, small_callback_url
from domain.errors import (
    Conflict,
    InvalidRequest,
    NotFound,
    PlatformUnavailable,
    QuotaExhausted,
    TooManyRequests,
    Unavailable,
)
from domain.states import PlatformName

router = json_router("/youtube", "YouTube")
browser = APIRouter(prefix="/youtube", tags=["YouTube"], route_class=BrowserRoute)


@both(router.post, "/auth/initiate/", responses=answers(Conflict, TooManyRequests))
def initiate(here: Here, workspace_id: Caller) -> AuthInitiated:
    """Begin to connect a channel: open `authorization_url` in its owner's browser."""
    ticket = open_ticket(
        here,
        workspace_id,
        platform=PlatformName.YOUTUBE,
        callback_url=small_callback_url(here),
    )
    return AuthInitiated(authorization_url=authorize_url(here, ticket))


@both(
    browser.get,
    "/auth/callback/",
    response_class=Response,
    responses={
        200: {"model": AuthConcluded, "content": PAGE},
        **pages(InvalidRequest, Unavailable),
    },
)
def callback(
    here: Here,
    request: Request,
    state: State = None,
    code: Code = None,
) -> Response:
    """Where Google sends the browser afterwards. It ends on a page, or as JSON if asked."""
    came = Callback(
        url=small_callback_url(here),
        state=state,
        code=code,
        words=find_words(request),
        issuers=find_issuers(request),
    )
    return go_back(here, request, conclude(here, came, cookies=find_cookies(here, request)))


@both(
    router.get,
    "/channel/",
    responses=answers(NotFound, Conflict, QuotaExhausted, PlatformUnavailable),
)
def channel(here: Here, workspace_id: Caller) -> ChannelAnswer:
    """The connected channel as YouTube shows it now; 404 if there is none."""
    found = read_channel(here, get_latest_connection(here, workspace_id, PlatformName.YOUTUBE))
    return ChannelAnswer(
        channel_id=found.id,
        title=found.title,
        description=found.description,
        subscriber_count=found.follower_count,
        thumbnail_url=found.thumbnail_url,
    )
