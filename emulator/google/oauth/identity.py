"""What a token says about its person, and where everything is.

Userinfo and tokeninfo in the shapes of their versions (facts: `oauth2.v2.json` of
google-api-python-client for v1 and v2; public captures for v3), the discovery document,
and ID tokens.
"""

import base64
import hashlib
import time
from typing import Any

from aiohttp import web

from emulator.calls import Call
from emulator.google import errors
from emulator.google.accounts import Directory
from emulator.google.names import address, issuer
from emulator.google.oauth.asking import said
from emulator.google.oauth.grants import Grants, Issued
from emulator.google.oauth.records import AccessToken
from emulator.google.oauth.signing import SigningKey

_EMAIL = "https://www.googleapis.com/auth/userinfo.email"
_PROFILE = "https://www.googleapis.com/auth/userinfo.profile"
_ID_TOKEN_SECONDS = 3600


class Identity:
    """The read-only endpoints of the authorization server."""

    def __init__(self, grants: Grants, directory: Directory, key: SigningKey) -> None:
        self._grants = grants
        self._directory = directory
        self._key = key

    async def userinfo(self, call: Call) -> web.StreamResponse:
        """Answer OpenID Connect's userinfo, version 3, as far as the scopes go."""
        known = self._grants.bearer((await said(call.request)).get("access_token", ""))
        if known is None:
            return _refusal(401, "invalid_request", "Invalid Credentials")
        return web.json_response(self._claims(call, known.person.email, known.scopes))

    async def old_userinfo(self, call: Call) -> web.StreamResponse:
        """Answer userinfo in the shape of its versions 1 and 2."""
        token = (await said(call.request)).get("access_token", "")
        known = self._grants.bearer(token)
        if known is None:
            refusal = errors.invalid_credentials() if token else errors.missing_credentials()
            return refusal.answer()
        claims = self._claims(call, known.person.email, known.scopes)
        old = {"sub": "id", "email_verified": "verified_email"}
        return errors.text_answer(
            errors.json_text({old.get(name, name): value for name, value in claims.items()})
        )

    async def tokeninfo(self, call: Call) -> web.StreamResponse:
        """Say what an access token or an ID token is worth, in the shape of version 3."""
        asked = await said(call.request)
        if token := asked.get("id_token"):
            read = self._read(token)
            return web.json_response(_as_text(read)) if read else _invalid()
        known = self._grants.bearer(asked.get("access_token", ""))
        return web.json_response(self._worth(known)) if known else _invalid(asked)

    async def old_tokeninfo(self, call: Call) -> web.StreamResponse:
        """Say what a token is worth in the shape of versions 1 and 2."""
        asked = await said(call.request)
        if token := asked.get("id_token"):
            read = self._read(token)
            return errors.text_answer(errors.json_text(_old_claims(read))) if read else _invalid()
        known = self._grants.bearer(asked.get("access_token", ""))
        if known is None:
            return _invalid(asked)
        worth = self._worth(known)
        old = {
            "issued_to": worth["azp"],
            "audience": worth["aud"],
            "user_id": worth["sub"],
            "scope": worth["scope"],
            "expires_in": int(worth["expires_in"]),
            "access_type": worth["access_type"],
        }
        if "email" in worth:
            old |= {"email": worth["email"], "verified_email": True}
        return errors.text_answer(errors.json_text(old))

    async def discovery(self, call: Call) -> web.StreamResponse:
        """Answer the OpenID Connect discovery document."""

        def at(host: str, path: str) -> str:
            return address(call, host, path)

        return web.json_response(
            {
                "issuer": issuer(call, self._grants.switches),
                "authorization_endpoint": at("accounts.google.com", "/o/oauth2/v2/auth"),
                "token_endpoint": at("oauth2.googleapis.com", "/token"),
                "revocation_endpoint": at("oauth2.googleapis.com", "/revoke"),
                "userinfo_endpoint": at("openidconnect.googleapis.com", "/v1/userinfo"),
                "jwks_uri": at("www.googleapis.com", "/oauth2/v3/certs"),
                "response_types_supported": ["code"],
                "response_modes_supported": ["query", "fragment", "form_post"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "scopes_supported": ["openid", "email", "profile"],
                "token_endpoint_auth_methods_supported": [
                    "client_secret_post",
                    "client_secret_basic",
                ],
                "claims_supported": [
                    "aud",
                    "email",
                    "email_verified",
                    "exp",
                    "family_name",
                    "given_name",
                    "iat",
                    "iss",
                    "name",
                    "picture",
                    "sub",
                ],
                "code_challenge_methods_supported": ["plain", "S256"],
                "grant_types_supported": ["authorization_code", "refresh_token"],
            }
        )

    async def keys(self, _: Call) -> web.StreamResponse:
        """Answer the public key that verifies ID tokens, as a JSON Web Key."""
        return web.json_response({"keys": [self._key.public()]})

    async def certificates(self, _: Call) -> web.StreamResponse:
        """Answer the same key as a certificate in PEM, by its id."""
        return web.json_response({self._key.id: self._key.certificate()})

    def id_token(self, call: Call, client_id: str, issued: Issued) -> str:
        """Return a signed ID token. Its times are the machine's: libraries check those."""
        now = int(time.time())
        half = hashlib.sha256(issued.access_token.encode()).digest()[:16]
        claims = {
            "iss": issuer(call, self._grants.switches),
            "azp": client_id,
            "aud": client_id,
            "iat": now,
            "exp": now + _ID_TOKEN_SECONDS,
            "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
            **self._claims(call, issued.person.email, issued.scopes),
        }
        if issued.nonce:
            claims["nonce"] = issued.nonce
        return self._key.sign(claims)

    def _read(self, token: str) -> dict[str, Any] | None:
        """Return head and claims of an ID token of ours that has not expired."""
        read = self._key.read(token)
        if read is None or read[1]["exp"] <= time.time():
            return None
        return {**read[1], **read[0]}

    def _claims(self, call: Call, email: str, scopes: list[str]) -> dict[str, object]:
        account = self._directory.accounts[email]
        claims: dict[str, object] = {"sub": account.sub}
        if _PROFILE in scopes:
            first, _, last = account.name.partition(" ")
            picture = address(call, "lh3.googleusercontent.com", f"/a/{account.sub}=s96-c")
            claims |= {"name": account.name, "given_name": first, "picture": picture}
            claims |= {"family_name": last} if last else {}
        if _EMAIL in scopes:
            claims |= {"email": email, "email_verified": True}
        if account.hosted:
            claims["hd"] = account.domain
        return claims

    def _worth(self, token: AccessToken) -> dict[str, Any]:
        account = self._directory.accounts[token.person.email]
        worth: dict[str, Any] = {
            "azp": token.client,
            "aud": token.client,
            "sub": account.sub,
            "scope": " ".join(token.scopes),
            "exp": str(int(token.expires_at)),
            "expires_in": str(int(token.expires_at - self._grants.clock.now())),
            "access_type": "offline" if token.offline else "online",
        }
        if _EMAIL in token.scopes:
            worth |= {"email": account.email, "email_verified": "true"}
        return worth


def _as_text(claims: dict[str, Any]) -> dict[str, str]:
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in claims.items()
    }


def _old_claims(claims: dict[str, Any]) -> dict[str, Any]:
    old = {
        "issuer": claims["iss"],
        "issued_to": claims["azp"],
        "audience": claims["aud"],
        "user_id": claims["sub"],
        "expires_in": int(claims["exp"] - time.time()),
        "issued_at": claims["iat"],
    }
    if "email" in claims:
        old |= {"email": claims["email"], "email_verified": claims["email_verified"]}
    return old


def _invalid(asked: dict[str, str] | None = None) -> web.Response:
    if asked is None or "access_token" in asked:
        return _refusal(400, "invalid_token", "Invalid Value")
    words = "Either access_token, id_token, or token_handle required"
    return _refusal(400, "invalid_token", words)


def _refusal(status: int, error: str, description: str) -> web.Response:
    content = {"error": error, "error_description": description}
    return web.json_response(content, status=status)
