"""The two addresses that a browser visits, and the page it may end on."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.context import Here
from api.pages import SAFE
from api.routes.browser import (
    BrowserRoute,
    Code,
    State,
    Word,
    find_browser,
    find_issuers,
    go_back,
    go_to_consent,
    show,
)
from api.routes.paging import PathId
from api.schemas.problem import PAGE, pages
from api.services.consent import Callback, ConsentPage, begin, conclude
from api.services.labels import find_labels
from api.services.tickets import (
    authorize_url,
    callback_url,
    check_way_in,
    open_reauth_ticket,
)
from domain.errors import InvalidRequest, TooManyRequests, Unavailable

router = APIRouter(prefix="/oauth", tags=["OAuth in the browser"], route_class=BrowserRoute)

Token = Annotated[str, Path(max_length=1024)]
RedirectUrl = Annotated[str | None, Query(max_length=4096)]

_REDIRECT: dict[int | str, dict[str, Any]] = {
    302: {"description": "To the platform, or back to the ticket's redirectUrl."}
}
_WAITING: dict[int | str, dict[str, Any]] = {
    200: {"description": "A page that tries again: no worker has answered yet.", "content": PAGE}
}
_ERRORS = pages(InvalidRequest, Unavailable)


@router.get(
    "/done", response_class=Response, responses={200: {"content": PAGE}, **pages(InvalidRequest)}
)
def done(
    here: Here,
    status: Word = "",
    error: Word | None = None,
    reason: Word | None = None,
    ticketId: Word = "",  # noqa: N803
) -> Response:
    """Castline's own result page: what the address says, and the account the ticket expected."""
    labels = find_labels(here, ticketId)
    return show(None if status == "success" else error or "", reason, labels)


@router.head("/reauth/{token}", include_in_schema=False)
def look(here: Here, token: Token) -> Response:
    """Whether the link still leads anywhere, for whatever looks at it first. Makes nothing."""
    check_way_in(here, token)
    return Response(headers=SAFE)


@router.get(
    "/reauth/{token}",
    status_code=302,
    response_class=Response,
    responses={**_REDIRECT, **pages(InvalidRequest, TooManyRequests, Unavailable)},
)
def reauthorize(here: Here, token: Token, redirectUrl: RedirectUrl = None) -> Response:  # noqa: N803
    """Authorize a connection again: the link that notices carry. It ends when that was done."""
    ticket = open_reauth_ticket(here, token, redirectUrl)
    return RedirectResponse(authorize_url(here, ticket), 302, SAFE)


@router.get(
    "/{platform}/authorize",
    status_code=302,
    response_class=Response,
    responses={**_REDIRECT, **_WAITING, **_ERRORS},
)
def authorize(here: Here, request: Request, platform: PathId, ticket: Word = "") -> Response:
    """Begin the consent of a ticket: its `authUrl`."""
    page = begin(here, platform=platform, ticket_id=ticket, browser=find_browser(here, request))
    if isinstance(page, ConsentPage):
        return go_to_consent(here, page)
    return go_back(here, request, page)


@router.get(
    "/{platform}/callback",
    status_code=302,
    response_class=Response,
    responses={**_REDIRECT, **_WAITING, **_ERRORS},
)
def callback(
    here: Here,
    request: Request,
    platform: PathId,
    state: State = None,
    code: Code = None,
    error: Word | None = None,
    error_code: Word | None = None,
) -> Response:
    """Where the platform sends the browser afterwards. Reloading it gives the same answer."""
    came = Callback(
        url=callback_url(here, platform),
        state=state,
        code=code,
        # Trouble of the consent page itself comes with a code alone.
        error=error or error_code,
        issuers=find_issuers(request),
    )
    return go_back(here, request, conclude(here, came, browser=find_browser(here, request)))
