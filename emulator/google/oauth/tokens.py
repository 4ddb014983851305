"""The endpoints a client calls with a secret: the token endpoint and revocation.

Client credentials are taken from a Basic header or from the body, because clients send
either (facts: YouTube section 1.3). Answers are JSON, and no cache keeps them.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from emulator.calls import Call, Traits
from emulator.google.oauth.asking import said
from emulator.google.oauth.grants import Grants, Issued, OAuthError, invalid_grant
from emulator.google.oauth.identity import Identity
from emulator.google.oauth.records import full_scope

EXCHANGE = "authorization_code"
REFRESH = "refresh_token"


class Tokens:
    """The token endpoint and the revocation endpoint."""

    def __init__(self, grants: Grants, identity: Identity) -> None:
        self._grants = grants
        self._identity = identity

    async def token(self, call: Call) -> web.StreamResponse:
        """Exchange a code or refresh; every refusal in Google's shape."""
        form = await said(call.request)
        try:
            issued = self._issue(call, form)
        except OAuthError as error:
            return _refusal(error)
        answer: dict[str, Any] = {
            "access_token": issued.access_token,
            "expires_in": self._grants.switches.access_token_seconds,
            "scope": " ".join(issued.scopes),
            "token_type": "Bearer",
        }
        if issued.refresh_token:
            answer["refresh_token"] = issued.refresh_token
        if issued.refresh_seconds_left is not None:
            answer["refresh_token_expires_in"] = issued.refresh_seconds_left
        if "openid" in issued.scopes:
            client_id = _credentials(call.request, form)[0] or ""
            answer["id_token"] = self._identity.id_token(call, client_id, issued)
        return web.json_response(answer, headers=_NOT_KEPT)

    async def traits(self, request: web.Request) -> Traits:
        """Tell whose refresh token a call carries, for faults meant for one."""
        token = (await said(request)).get("refresh_token", "")
        return Traits(owners=self._grants.names_of_refresh_token(token))

    async def revoke(self, call: Call) -> web.StreamResponse:
        """Revoke the grant of a token of either kind, given in the query or the body."""
        token = (await said(call.request)).get("token")
        try:
            if not token:
                raise OAuthError(400, "invalid_request", "Missing required parameter: token")
            self._grants.revoke(token)
        except OAuthError as error:
            return _refusal(error)
        return web.json_response({}, headers=_NOT_KEPT)

    def _issue(self, call: Call, form: Mapping[str, str]) -> Issued:
        grant_type = form.get("grant_type")
        if not grant_type:
            raise OAuthError(400, "invalid_request", "Required parameter is missing: grant_type")
        client = self._grants.authenticate(*_credentials(call.request, form))
        self._grants.prune()
        if grant_type == EXCHANGE:
            if call.suffers("unauthorized"):
                raise invalid_grant()
            return self._grants.exchange(
                client,
                _required(form, "code"),
                form.get("redirect_uri"),
                form.get("code_verifier"),
            )
        if grant_type == REFRESH:
            token = _required(form, "refresh_token")
            if call.suffers("revoke_grant"):
                self._grants.end_of_refresh_token(token)
            if call.suffers("unauthorized"):
                raise invalid_grant("Token has been expired or revoked.")
            scopes = [full_scope(scope) for scope in form.get("scope", "").split()]
            return self._grants.refresh(client, token, scopes or None)
        raise OAuthError(400, "unsupported_grant_type", f"Invalid grant_type: {grant_type}")


async def operation_of(request: web.Request) -> str:
    """Name the operation of a call to the token endpoint."""
    refresh = (await said(request)).get("grant_type") == REFRESH
    return "oauth.token.refresh" if refresh else "oauth.token.exchange"


_NOT_KEPT = {
    "Cache-Control": "no-cache, no-store, max-age=0, must-revalidate",
    "Pragma": "no-cache",
}


def _required(form: Mapping[str, str], name: str) -> str:
    if not form.get(name):
        raise OAuthError(400, "invalid_request", f"Missing required parameter: {name}")
    return form[name]


def _credentials(request: web.Request, form: Mapping[str, str]) -> tuple[str | None, str | None]:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            client_id, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise OAuthError(400, "invalid_request", "Malformed Authorization header.") from None
        return unquote(client_id), unquote(secret)
    return form.get("client_id"), form.get("client_secret")


def _refusal(error: OAuthError) -> web.Response:
    return web.json_response(
        {"error": error.error, "error_description": error.description},
        status=error.status,
        headers=_NOT_KEPT,
    )
