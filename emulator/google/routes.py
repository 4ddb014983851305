"""Which address is which operation.

Everything Google spreads over several hosts is on one origin here: clients are pointed
at it host by host. The addresses of the API are in `youtube.routes`.
"""

from collections.abc import Iterable

from aiohttp import web

from emulator.calls import serve
from emulator.google.oauth.consent import Consent
from emulator.google.oauth.grants import Grants
from emulator.google.oauth.identity import Identity
from emulator.google.oauth.signing import SigningKey
from emulator.google.oauth.tokens import Tokens, operation_of
from emulator.google.uploads.session import Sessions
from emulator.google.youtube import routes as youtube
from emulator.google.youtube.methods.pictures import picture
from emulator.google.youtube.service import Service


def routes(
    service: Service, grants: Grants, sessions: Sessions, key: SigningKey
) -> Iterable[web.AbstractRouteDef]:
    """Return the routes of both halves of Google."""
    yield from _oauth(service, grants, key)
    yield from youtube.routes(service, sessions)


def _oauth(service: Service, grants: Grants, key: SigningKey) -> Iterable[web.AbstractRouteDef]:
    """Serve every address that clients in use have built in, old ones included."""
    consent = Consent(grants, service.directory, service.switches)
    identity = Identity(grants, service.directory, key)
    tokens = Tokens(grants, identity)
    authorize = serve("oauth.authorize", consent.authorize)
    token = serve(operation_of, tokens.token, traits=tokens.traits)
    revoke = serve("oauth.revoke", tokens.revoke)
    userinfo = serve("oauth.userinfo", identity.userinfo)
    old_userinfo = serve("oauth.userinfo", identity.old_userinfo)
    tokeninfo = serve("oauth.tokeninfo", identity.tokeninfo)
    old_tokeninfo = serve("oauth.tokeninfo", identity.old_tokeninfo)
    keys = serve("oauth.certs", identity.keys)
    yield web.get("/o/oauth2/v2/auth", authorize)
    yield web.get("/o/oauth2/auth", authorize)
    yield web.post("/o/oauth2/v2/auth/decision", serve("oauth.decide", consent.decide))
    for path in ("/token", "/o/oauth2/token", "/oauth2/v3/token", "/oauth2/v4/token"):
        yield web.post(path, token)
    either = {
        "/revoke": revoke,
        "/o/oauth2/revoke": revoke,
        "/v1/userinfo": userinfo,
        "/oauth2/v3/userinfo": userinfo,
        "/oauth2/v2/userinfo": old_userinfo,
        "/oauth2/v1/userinfo": old_userinfo,
        "/userinfo/v2/me": old_userinfo,
        "/tokeninfo": tokeninfo,
        "/oauth2/v3/tokeninfo": tokeninfo,
        "/oauth2/v2/tokeninfo": old_tokeninfo,
        "/oauth2/v1/tokeninfo": old_tokeninfo,
    }
    for path, served in either.items():
        yield web.get(path, served)
        yield web.post(path, served)
    yield web.get("/.well-known/openid-configuration", serve("oauth.discovery", identity.discovery))
    yield web.get("/oauth2/v3/certs", keys)
    yield web.get("/oauth2/v2/certs", keys)
    yield web.get("/oauth2/v1/certs", serve("oauth.certs", identity.certificates))
    yield web.get("/a/{of}", serve("pictures", picture))
