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
from api.services.consent import ConsentPage, Ending, Waiting
from api.services.labels import Labels, find_labels, find_workspace_name
from domain.errors import CastlineError, DatabaseUnavailable, InvalidRequest
from domain.secrets import Secret

Word = Annotated[str, Query(max_length=200)]
"""A status, a code or an id in an address that a browser visits."""
State = Annotated[str | None, Query(max_length=200)]
Code = Annotated[str | None, Query(max_length=4096, description="The platform's, for one use.")]

_CONNECTED = "The channel is connected. You may close this."
_CONFIRMING = (
    "The consent was given. The channel is connected as soon as the application that sent you "
    "here confirms it. You may close this."
)
_CODE_STORED = (
    "Your consent has arrived and is stored. The channel is connected as soon as Castline can do "
    "it. This page tries again every few seconds. You may close it: nothing is lost."
)
_NOT_ANSWERED = (
    "Castline cannot go on at the moment. This page tries again every few seconds. Keep it open."
)
REFRESH_SECONDS = 2

_ERRORS = {
    "access_denied": "The consent was refused, so nothing was connected.",
    "ticket_expired": "This link was valid for five minutes, and they are over.",
    "invalid_ticket": "This link has been used, or another browser opened it.",
    "platform_error": "The platform did not connect the channel.",
}
_REASONS = {
    "no_channel": "This account has no channel to publish to. Create one first.",
    "scope_missing": "The consent left out a permission that publishing needs. Tick all boxes.",
    "wrong_account": "This was another account than the connection's own. Nothing has changed.",
    "disconnected": "This channel was disconnected meanwhile. Nothing has changed.",
    "wrong_issuer": "This answer came from another authorization server than the one that was "
    "asked. Nothing has changed. Go back to the consent page, or start again.",
}


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


def find_browser(here: Context, request: Request) -> Secret | None:
    """The cookie that binds this browser to the consent pages it opened."""
    value = request.cookies.get(_cookie(here))
    return Secret(value) if value and len(value) <= 128 else None


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
        title="Please wait",
        sentence=_CODE_STORED if waiting.has_code else _NOT_ANSWERED,
        workspace=find_labels(here, waiting.ticket.id).workspace,
    )


def go_to_consent(here: Context, page: ConsentPage) -> Response:
    response = RedirectResponse(page.url, 302, SAFE)
    response.set_cookie(
        _cookie(here),
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
    labels = find_labels(here, ending.ticket.id)
    if not wants_json(request):
        return show(ending.error, ending.reason, labels)
    if ending.error is None:
        return private_json({"status": "success", "connection_ids": ending.connection_ids})
    sentence = sentence_of(ending.error, ending.reason, labels.expected)
    return _private(problem(InvalidRequest(ending.reason or ending.error, sentence)))


def show(error: str | None, reason: str | None, labels: Labels) -> Response:
    """The page that says how a consent ended, and of which workspace it is."""
    if error is None:
        sentence = _CONFIRMING if labels.is_confirming else _CONNECTED
        return render("message", title="Connected", sentence=sentence, workspace=labels.workspace)
    return render(
        "message",
        status=400,
        title="Not connected",
        sentence=sentence_of(error, reason, labels.expected),
        workspace=labels.workspace,
        code=error if error in _ERRORS else None,
    )


def sentence_of(error: str, reason: str | None, expected: str | None) -> str:
    """What happened, in words of ours; an unknown code is not repeated."""
    if reason == "wrong_account" and expected is not None:
        return f"This was another account; {expected} was expected. Nothing has changed."
    return _REASONS.get(reason or "") or _ERRORS.get(error, "The channel was not connected.")


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
        title="That did not work",
        sentence=error.sentence,
        workspace=workspace,
        code=error.code,
    )


def _private(answer: Response) -> Response:
    answer.headers.update(SAFE)
    return answer


def _is_https(here: Context) -> bool:
    return here.settings.url.startswith("https:")


def _cookie(here: Context) -> str:
    # The prefix lets no subdomain plant the cookie; browsers take it over https only.
    return "__Host-castline" if _is_https(here) else "castline"
