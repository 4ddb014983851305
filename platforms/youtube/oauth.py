"""Google's OAuth for web servers: consent, exchange, refresh and the end of a grant.

The exchange and the revocation are plain form posts; the refresh is google-auth's. Its
answers are judged here, before google-auth sees them: it retries and sleeps by itself and
reports some dead grants as bare text, while a caller must know for certain whether a
grant is dead or Google merely unwell (facts: YouTube sections 1.3 and 1.7). What was
granted is what the token answer says, never what was asked: people untick boxes.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import google.auth.transport
from google.auth.exceptions import GoogleAuthError
from google.oauth2.credentials import Credentials

from domain.errors import (
    PlatformError,
    PlatformMisconfigured,
    PlatformRefusal,
    PlatformUnavailable,
    ReauthorizationNeeded,
    Remedy,
)
from domain.secrets import Secret
from platforms.http import Http, origin_of, retry_after
from platforms.protocol import Credential
from platforms.transfer.machine import Answer
from platforms.youtube.api import GoogleApp
from platforms.youtube.errors import find_code, unreadable

_TRANSIENT = frozenset(
    {"internal_failure", "server_error", "temporarily_unavailable", "backend_error"}
)

_NEVER = 10 * 365 * 86_400.0
"""Seconds. What claims to live longer is taken to have no end."""


ISSUER = "https://accounts.google.com"
"""Google's issuer identifier (its discovery document)."""


class OAuth:
    """One OAuth client at Google."""

    def __init__(self, app: GoogleApp, http: Http, scopes: tuple[str, ...]) -> None:
        self._app = app
        self._http = http
        self._scopes = scopes

    def verify(self) -> None:
        """One POST with nobody's token: a client that Google knows hears of a bad grant."""
        answer = self._post(
            self._app.token_url,
            grant_type="refresh_token",
            refresh_token="castline-verifies-its-app",  # noqa: S106
            client_id=self._app.client_id,
            client_secret=self._app.client_secret.reveal(),
        )
        if _code_of(answer) != "invalid_grant":
            raise _error(answer, None)

    @property
    def issuers(self) -> frozenset[str]:
        """What `iss` of a callback may be: Google's, or the stand-in's that shows the page."""
        return frozenset({ISSUER, origin_of(self._app.auth_url)})

    def consent_url(
        self, *, state: Secret, redirect_uri: str, verifier: Secret, login_hint: str | None
    ) -> str:
        digest = hashlib.sha256(verifier.reveal().encode("ascii")).digest()
        query = {
            "client_id": self._app.client_id,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": " ".join(self._scopes),
            "state": state.reveal(),
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii"),
            "code_challenge_method": "S256",
            "access_type": "offline",
            # `select_account`: with `consent` alone Google reuses the last identity, and a Brand
            # Account's channel cannot be picked. `consent`: without it Google gives no refresh
            # token to somebody who has consented before. `include_granted_scopes` is left out,
            # because the token would also get what was granted elsewhere.
            "prompt": "select_account consent",
        }
        if login_hint:
            query["login_hint"] = login_hint
        return f"{self._app.auth_url}?{urlencode(query)}"

    def redeem(self, *, code: Secret, redirect_uri: str, verifier: Secret) -> Credential:
        """One POST."""
        answer = self._post(
            self._app.token_url,
            grant_type="authorization_code",
            code=code.reveal(),
            redirect_uri=redirect_uri,
            code_verifier=verifier.reveal(),
            client_id=self._app.client_id,
            client_secret=self._app.client_secret.reveal(),
        )
        if answer.status != 200:
            raise _error(
                answer,
                PlatformRefusal(
                    "code_rejected",
                    "Google does not accept the code: it was used before or is too old.",
                    reason="invalid_grant",
                    remedy=Remedy.RECONNECT,
                ),
            )
        grant = _grant_of(answer)
        expires_in = _seconds(grant, "expires_in")
        refresh_token = _text(grant, "refresh_token")
        return Credential(
            access_token=Secret(grant["access_token"]),
            refresh_token=Secret(refresh_token) if refresh_token else None,
            expires_at=_in(expires_in),
            scopes=tuple(_text(grant, "scope").split()),
            grant_expires_at=_in(_seconds(grant, "refresh_token_expires_in")),
        )

    def refresh(self, credential: Credential) -> Credential:
        """One POST. The refresh token is kept: Google returns none, and an empty one is none."""
        if not credential.refresh_token:
            raise ReauthorizationNeeded(
                "refresh_token_missing", "The connection has no refresh token: connect it again."
            )
        endpoint = _TokenEndpoint(self._http)
        credentials: Any = Credentials(  # type: ignore[no-untyped-call]
            None,
            refresh_token=credential.refresh_token.reveal(),
            token_uri=self._app.token_url,
            client_id=self._app.client_id,
            client_secret=self._app.client_secret.reveal(),
            # No scopes: asking for more than was granted would be refused.
        )
        try:
            credentials.refresh(endpoint)
        except (GoogleAuthError, ArithmeticError, TypeError, ValueError):
            raise unreadable() from None
        kept = credential.refresh_token
        return Credential(
            access_token=Secret(credentials.token),
            refresh_token=Secret(credentials.refresh_token) if credentials.refresh_token else kept,
            expires_at=credentials.expiry and credentials.expiry.replace(tzinfo=UTC),
            scopes=tuple(_text(endpoint.grant, "scope").split()) or credential.scopes,
            grant_expires_at=_in(_seconds(endpoint.grant, "refresh_token_expires_in"))
            or credential.grant_expires_at,
        )

    def revoke(self, credential: Credential) -> bool:
        """One POST. Google ends all scopes of the whole Cloud project for this person.

        False: it was dead already.
        """
        token = credential.refresh_token or credential.access_token
        answer = self._post(self._app.revoke_url, token=token.reveal())
        if answer.status == 200 or _code_of(answer) == "invalid_token":
            return answer.status == 200
        raise _error(answer, None)

    def _post(self, url: str, **form: str) -> Answer:
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return self._http.send("POST", url, headers=headers, body=urlencode(form))


class _TokenEndpoint(google.auth.transport.Request):
    """Google-auth's way out. Lets only a usable grant back in; anything else raises ours."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self.grant: Mapping[str, Any] = {}

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002 - the wire has its own
        **_: Any,
    ) -> google.auth.transport.Response:
        answer = self._http.send(method, url, headers=headers or {}, body=body, is_brief=True)
        if answer.status != 200:
            raise _error(
                answer,
                ReauthorizationNeeded(
                    "grant_dead",
                    "Google says that the grant has expired or was revoked: connect again.",
                    reason="invalid_grant",
                ),
            )
        self.grant = _grant_of(answer)
        return _Response(answer)


class _Response(google.auth.transport.Response):
    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    @property
    def status(self) -> int:
        return self._answer.status

    @property
    def headers(self) -> Mapping[str, str]:
        return self._answer.headers

    @property
    def data(self) -> bytes:
        return self._answer.body


def _error(answer: Answer, invalid_grant: PlatformError | None) -> PlatformError:
    """Judge an error answer. Only the word `invalid_grant` ends a grant or a code."""
    code = _code_of(answer)
    if code == "invalid_grant" and invalid_grant is not None:
        return invalid_grant
    if code is None or code in _TRANSIENT or answer.status in (408, 429) or answer.status >= 500:
        return PlatformUnavailable(
            "oauth_unavailable",
            "Google's OAuth server has trouble of its own.",
            reason=code,
            retry_after=retry_after(answer),
        )
    return PlatformMisconfigured(
        "oauth_client_rejected",
        "Google refuses our OAuth client or its settings: check its id, secret and redirect URIs.",
        reason=code,
    )


def _code_of(answer: Answer) -> str | None:
    return find_code(_document(answer).get("error"))


def _grant_of(answer: Answer) -> Mapping[str, Any]:
    grant = _document(answer)
    if not _text(grant, "access_token"):
        raise unreadable()
    return grant


def _document(answer: Answer) -> Mapping[str, Any]:
    try:
        document = json.loads(answer.body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    return value if isinstance(value, str) else ""


def _seconds(document: Mapping[str, Any], name: str) -> float | None:
    try:
        seconds = float(document[name])
    except (KeyError, TypeError, ValueError):
        return None
    return seconds if 0 <= seconds < _NEVER else None


def _in(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.now(UTC) + timedelta(seconds=seconds)
