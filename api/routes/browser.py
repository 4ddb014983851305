"""What a browser on its way through a consent is shown.

An error becomes a page instead of a problem, a result goes to the ticket's own redirect
address, or onto a page of ours where it has none. A client that asks for JSON gets JSON.
"""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute

from api.context import Context
from api.pages import SAFE, private_json, render, wants_json
from api.problems import problem
from api.redirects import with_result
from api.routes import situations
from api.services.consent import ConsentAddress
from api.services.endings import Ending, Waiting
from api.services.labels import Labels, find_labels, find_workspace_name
from domain.errors import CastlineError, DatabaseUnavailable, InvalidRequest
from domain.explanations import ErrorDetail
from domain.secrets import Secret
from platforms.consent import PARAMETERS
from store.queries.access.tickets import digest

Word = Annotated[str, Query(max_length=200)]
"""A status, a code or an id in an address that a browser visits."""
State = Annotated[str | None, Query(max_length=200)]
Code = Annotated[str | None, Query(max_length=4096, description="The platform's, for one use.")]

MAX_COOKIES = 32
"""Consent cookies of one browser that are looked at. More than one are made only at once."""

REFRESH_SECONDS = 2


class BrowserRoute(APIRoute):
    """A route whose errors are pages."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def shown(request: Request) -> Response:
            try:
                return await handle(request)
            except CastlineError as error:
                workspace = await _find_workspace(request)
                return _failure(error, workspace, as_json=wants_json(request))

        return shown


async def _find_workspace(request: Request) -> str | None:
    """Whose page it is, as far as the database says so."""
    here = request.app.state.context
    try:
        return await run_in_threadpool(
            find_workspace_name, here, request.query_params, request.path_params
        )
    except DatabaseUnavailable:
        return None  # the page says what went wrong first


def find_cookies(here: Context, request: Request) -> list[Secret]:
    """The cookies that bind this browser to the consent pages it opened, the oldest first."""
    found = [
        Secret(value)
        for name, value in request.cookies.items()
        if value and len(value) <= 128 and name == _cookie_name(here, Secret(value))
    ]
    return found[:MAX_COOKIES]


def find_words(request: Request) -> dict[str, str]:
    """What a callback says where it has no code: each parameter once, and bounded."""
    found = {name: request.query_params.get(name, "") for name in PARAMETERS}
    return {name: word[:200] for name, word in found.items() if word}


def find_issuers(request: Request) -> tuple[str, ...]:
    """Every `iss` of a callback: of two that differ neither is to be believed."""
    return tuple(request.query_params.getlist("iss"))


def show_waiting(here: Context, request: Request, waiting: Waiting) -> Response:
    """A page that asks again at its own address, until a worker answers."""
    if wants_json(request):
        return _private(problem(waiting.reason))
    return render(
        "message",
        headers={"Refresh": str(REFRESH_SECONDS)},
        title=situations.WAITING,
        sentence=situations.CODE_STORED if waiting.has_code else situations.NOT_ANSWERED,
        workspace=find_labels(here, waiting.ticket.id).workspace,
    )


def go_to_consent(here: Context, page: ConsentAddress) -> Response:
    response = RedirectResponse(page.url, 302, SAFE)
    response.set_cookie(
        _cookie_name(here, page.browser),
        page.browser.reveal(),
        max_age=3600,
        path="/",
        secure=_is_https(here),
        httponly=True,
        samesite="lax",
    )
    return response


def go_back(here: Context, request: Request, ending: Ending | Waiting) -> Response:
    """Send the browser to where the ticket wants it, or show how it ended or what is waited for."""
    if isinstance(ending, Waiting):
        return show_waiting(here, request, ending)
    redirect_url = ending.ticket.redirect_url
    if redirect_url is not None:
        return RedirectResponse(with_result(redirect_url, ending.result), 302, SAFE)
    labels = find_labels(here, ending.ticket.id, find_cookies(here, request))
    if not wants_json(request):
        return show(ending.error, ending.detail, labels)
    if ending.error is None:
        return private_json({"status": "success", "connection_ids": ending.connection_ids})
    detail = ending.detail or ErrorDetail.CONNECT_FAILED
    return _private(problem(InvalidRequest(detail, labels.sentence_of(detail))))


def show(error: str | None, detail: ErrorDetail | None, labels: Labels) -> Response:
    """The page that says how a consent ended, and of which workspace it is."""
    if error is None:
        connected = situations.of_success(labels)
        return render(
            "message",
            title=connected.title,
            sentence=connected.sentence,
            left_out=labels.left_out,
            workspace=labels.workspace,
        )
    ended = situations.of_end(error, detail, labels)
    return render(
        "message",
        status=400,
        title=ended.title,
        sentence=ended.sentence,
        advice=ended.advice,
        left_out=labels.left_out if detail is not None and detail is labels.detail else (),
        workspace=labels.workspace,
        code=ended.code,
    )


def _failure(error: CastlineError, workspace: str | None, *, as_json: bool) -> Response:
    answer = problem(error)
    if as_json:
        return _private(answer)
    retry = answer.headers.get("Retry-After")
    return render(
        "message",
        status=error.status,
        # The page asks again by itself: a repeated visit gets the first one's answer.
        headers={"Retry-After": retry, "Refresh": retry} if retry else None,
        title=situations.title_of(error),
        sentence=error.sentence,
        workspace=workspace,
        code=error.code,
    )


def _private(answer: Response) -> Response:
    answer.headers.update(SAFE)
    return answer


def _is_https(here: Context) -> bool:
    return here.settings.url.startswith("https:")


def _cookie_name(here: Context, browser: Secret) -> str:
    """Named after its value: two tabs that a browser opens at once both keep theirs."""
    # `__Host-` lets no subdomain plant the cookie; browsers take it over https only.
    prefix = "__Host-castline" if _is_https(here) else "castline"
    return f"{prefix}-{digest(browser)[:8]}"
