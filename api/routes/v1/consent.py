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
    find_cookies,
    find_issuers,
    find_words,
    go_back,
    go_to_consent,
    show,
)
from api.routes.paging import PathId
from api.schemas.problem import PAGE, pages
from api.services.consent import Callback, ConsentAddress, begin, conclude
from api.services.labels import find_labels
from api.services.tickets import (
    authorize_url,
    callback_url,
    check_way_in,
    open_reauth_ticket,
)
from domain.errors import Conflict, InvalidRequest, TooManyRequests, Unavailable
from domain.explanations import ErrorDetail

router = APIRouter(prefix="/oauth", tags=["OAuth in the browser"], route_class=BrowserRoute)

Token = Annotated[str, Path(max_length=1024)]
RedirectUrl = Annotated[str | None, Query(max_length=4096)]

_REDIRECT: dict[int | str, dict[str, Any]] = {
    302: {
        "description": "To the platform, or back to the ticket's redirectUrl. Its query then has "
        "`ticketId` and either `status=success`, `connectionId`, `connectionIds`, or "
        "`status=error`, `error` (`access_denied`, `ticket_expired`, `invalid_ticket`, "
        "`platform_error`) and "
        f"`errorDetail`, one of: {', '.join(f'`{detail}`' for detail in ErrorDetail)}. A fragment "
        "of the redirectUrl stays behind the query."
    }
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
    request: Request,
    status: Word = "",
    error: Word | None = None,
    errorDetail: Word | None = None,  # noqa: N803
    ticketId: Word = "",  # noqa: N803
) -> Response:
    """Castline's own result page: what the address says, and the account the ticket expected.

    The browser that gave the consent is also shown which accounts were connected.
    """
    labels = find_labels(here, ticketId, find_cookies(here, request))
    detail = ErrorDetail(errorDetail) if errorDetail in frozenset(ErrorDetail) else None
    return show(None if status == "success" else error or "", detail, labels)


@router.head("/reauth/{token}", include_in_schema=False)
def look(here: Here, token: Token) -> Response:
    """Whether the link still leads anywhere, for whatever looks at it first. Makes nothing."""
    check_way_in(here, token)
    return Response(headers=SAFE)


@router.get(
    "/reauth/{token}",
    status_code=302,
    response_class=Response,
    responses={**_REDIRECT, **pages(InvalidRequest, Conflict, TooManyRequests, Unavailable)},
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
    page = begin(here, platform=platform, ticket_id=ticket, cookies=find_cookies(here, request))
    if isinstance(page, ConsentAddress):
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
) -> Response:
    """Where the platform sends the browser afterwards. Reloading it gives the same answer.

    Without a code it says by `error`, `error_code`, `error_reason` or `error_message` why not.
    """
    came = Callback(
        url=callback_url(here, platform),
        state=state,
        code=code,
        words=find_words(request),
        issuers=find_issuers(request),
    )
    return go_back(here, request, conclude(here, came, cookies=find_cookies(here, request)))
