"""What a token says about its person, and where everything is.

Userinfo in both versions, tokeninfo, the discovery document with the emulator's own
addresses, and ID tokens with a key that lives as long as the process.
"""

import time

from aiohttp import web

from emulator.calls import Call
from emulator.google import errors
from emulator.google.accounts import Directory
from emulator.google.oauth.grants import Grants, Issued
from emulator.google.oauth.records import AccessToken
from emulator.google.oauth.signing import SigningKey

_EMAIL = "https://www.googleapis.com/auth/userinfo.email"
_PROFILE = "https://www.googleapis.com/auth/userinfo.profile"


class Identity:
    """The read-only endpoints of the authorization server."""

    def __init__(self, grants: Grants, directory: Directory) -> None:
        self._grants = grants
        self._directory = directory
        self._key = SigningKey()

    async def userinfo(self, call: Call) -> web.StreamResponse:
        """Answer OpenID Connect's userinfo as far as the scopes go."""
        scheme, _, token = call.request.headers.get("Authorization", "").partition(" ")
        known = self._grants.bearer(token) if scheme.lower() == "bearer" else None
        known = known or self._grants.bearer(call.request.query.get("access_token", ""))
        if known is None:
            return errors.invalid_credentials().answer()
        return web.json_response(self._claims(known.person.email, known.scopes))

    async def tokeninfo(self, call: Call) -> web.StreamResponse:
        """Say what an access token is worth."""
        form = await call.request.post()
        token = call.request.query.get("access_token") or str(form.get("access_token", ""))
        known = self._grants.bearer(token)
        if known is None:
            return web.json_response(
                {"error": "invalid_token", "error_description": "Invalid Value"}, status=400
            )
        return web.json_response(self._worth(known))

    async def discovery(self, call: Call) -> web.StreamResponse:
        """Answer the OpenID Connect discovery document."""
        origin = call.origin
        return web.json_response(
            {
                "issuer": origin,
                "authorization_endpoint": f"{origin}/o/oauth2/v2/auth",
                "token_endpoint": f"{origin}/token",
                "revocation_endpoint": f"{origin}/revoke",
                "userinfo_endpoint": f"{origin}/v1/userinfo",
                "jwks_uri": f"{origin}/oauth2/v3/certs",
                "response_types_supported": ["code"],
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
                    "iat",
                    "iss",
                    "name",
                    "sub",
                ],
                "code_challenge_methods_supported": ["plain", "S256"],
                "grant_types_supported": ["authorization_code", "refresh_token"],
            }
        )

    async def certificates(self, _: Call) -> web.StreamResponse:
        """Answer the public key that verifies ID tokens."""
        return web.json_response({"keys": [self._key.public()]})

    def id_token(self, issuer: str, client_id: str, issued: Issued) -> str:
        """Return a signed ID token. Its times are the machine's: libraries check those."""
        now = int(time.time())
        claims = {
            "iss": issuer,
            "azp": client_id,
            "aud": client_id,
            "iat": now,
            "exp": now + 3600,
            **self._claims(issued.person.email, issued.scopes),
        }
        if issued.nonce:
            claims["nonce"] = issued.nonce
        return self._key.sign(claims)

    def _claims(self, email: str, scopes: list[str]) -> dict[str, object]:
        account = self._directory.accounts[email]
        claims: dict[str, object] = {"sub": account.sub}
        if _PROFILE in scopes:
            claims |= {"name": account.name, "given_name": account.name.split()[0]}
        if _EMAIL in scopes:
            claims |= {"email": email, "email_verified": True}
        return claims

    def _worth(self, token: AccessToken) -> dict[str, object]:
        account = self._directory.accounts[token.person.email]
        worth: dict[str, object] = {
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
