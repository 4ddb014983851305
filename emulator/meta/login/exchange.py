"""The endpoint an app calls with its secret: `/oauth/access_token`.

One address for three things: a code for a short token, a short token for one of 60 days,
and the app's own token; by GET or POST, from query or form, because clients do either
(facts: Facebook section 1.4). The app's credentials are parameters, or a Basic header as generic
OAuth clients send it. The answer tells no scopes and has no refresh token.
"""

from typing import Any
from urllib.parse import unquote_plus

from aiohttp import BasicAuth, web

from emulator.calls import Call
from emulator.meta.graph.errors import graph_error, json_answer
from emulator.meta.graph.params import read, read_request
from emulator.meta.login.grants import Grants

_OPERATIONS = {"fb_exchange_token": "token.extend", "client_credentials": "token.app"}


class Exchange:
    """The token endpoint."""

    def __init__(self, grants: Grants) -> None:
        self._grants = grants

    async def token(self, call: Call) -> web.StreamResponse:
        """Give a token for what the call brings."""
        params = await read(call)
        app_id, secret = params.text("client_id"), params.text("client_secret")
        if self._grants.switches.basic_authentication and not secret:
            basic_id, secret = _basic(call.request)
            app_id = app_id or basic_id
        app = self._grants.authenticate(app_id, secret)
        if call.operation == "token.app":
            return _answer(self._grants.tokens.issue_app(app))
        if call.operation == "token.extend":
            return _answer(*self._grants.extend(app, params.need("fb_exchange_token")))
        code = params.text("code")
        if code is None:
            raise graph_error("100", "Missing authorization code")
        self._grants.tokens.prune()
        return _answer(
            *self._grants.exchange(
                app, code, params.text("redirect_uri"), params.text("code_verifier")
            )
        )


async def operation_of(request: web.Request) -> str:
    """Name the operation of a call to the token endpoint."""
    grant_type = (await read_request(request)).text("grant_type") or ""
    return _OPERATIONS.get(grant_type, "token.exchange")


def _basic(request: web.Request) -> tuple[str | None, str | None]:
    """Return the client id and secret of a Basic header (RFC 6749, 2.3.1); None without one."""
    try:
        given = BasicAuth.decode(request.headers.get("Authorization", ""), "utf-8")
    except ValueError:
        return None, None
    return unquote_plus(given.login), unquote_plus(given.password)


def _answer(token: str, lifetime: int | None = None) -> web.Response:
    answer: dict[str, Any] = {"access_token": token, "token_type": "bearer"}
    if lifetime is not None:
        answer["expires_in"] = lifetime
    return json_answer(answer)
