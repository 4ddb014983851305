"""Which address is which operation.

Everything Google spreads over several hosts is on one origin here: clients are pointed
at it host by host. The addresses of the API are in `youtube.routes`.
"""

from collections.abc import Iterable, Mapping

from aiohttp import web

from emulator.calls import serve
from emulator.google.oauth.consent import Consent
from emulator.google.oauth.grants import Grants
from emulator.google.oauth.identity import Identity
from emulator.google.oauth.tokens import Tokens, operation_of
from emulator.google.uploads.methods import FATE_KINDS
from emulator.google.uploads.session import Sessions
from emulator.google.youtube import routes as youtube
from emulator.google.youtube.access import REFUSING_KINDS
from emulator.google.youtube.quota import UNITS
from emulator.google.youtube.service import Service

_START_KINDS = REFUSING_KINDS | FATE_KINDS | {"already_exists"}
_SESSION_KINDS = REFUSING_KINDS | {"session_lost"}

FAULTS: Mapping[str, frozenset[str]] = {
    "oauth.authorize": frozenset(),
    "oauth.decide": frozenset(),
    "oauth.token.exchange": frozenset({"unauthorized"}),
    "oauth.token.refresh": frozenset({"unauthorized", "revoke_grant"}),
    "oauth.revoke": frozenset(),
    "oauth.userinfo": frozenset(),
    "oauth.tokeninfo": frozenset(),
    **dict.fromkeys([*UNITS, "search.list"], REFUSING_KINDS),
    "videos.list": REFUSING_KINDS | FATE_KINDS | {"not_found_yet", "no_file_details"},
    "playlistItems.list": REFUSING_KINDS | {"not_found_yet"},
    "playlistItems.insert": REFUSING_KINDS | {"not_found_yet", "already_exists"},
    "thumbnails.set": REFUSING_KINDS | {"not_found_yet"},
    "captions.insert": REFUSING_KINDS | {"not_found_yet", "already_exists"},
    "captions.list": REFUSING_KINDS | {"not_found_yet"},
    **dict.fromkeys(
        ["captions.update", "captions.delete", "playlistItems.update", "playlistItems.delete"],
        REFUSING_KINDS | {"not_found_yet"},
    ),
    "videos.insert.start": _START_KINDS,
    "videos.insert.simple": _START_KINDS | {"trickle"},
    **{
        f"{name}.{step}": kinds
        for name in ("videos.insert", "thumbnails.set", "captions.insert", "captions.update")
        for step, kinds in {
            "transfer": _SESSION_KINDS
            | FATE_KINDS
            | {"stall", "trickle", "hold_back", "status_after"},
            "status": _SESSION_KINDS | FATE_KINDS | {"hold_back"},
            "cancel": _SESSION_KINDS,
        }.items()
    },
}
"""For each operation, the kinds of fault that it carries out itself."""


def routes(service: Service, grants: Grants, sessions: Sessions) -> Iterable[web.AbstractRouteDef]:
    """Return the routes of both halves of Google."""
    yield from _oauth(service, grants)
    yield from youtube.routes(service, sessions)


def _oauth(service: Service, grants: Grants) -> Iterable[web.AbstractRouteDef]:
    consent = Consent(grants, service.directory, service.switches)
    identity = Identity(grants, service.directory)
    tokens = Tokens(grants, identity)
    authorize = serve("oauth.authorize", consent.authorize)
    userinfo = serve("oauth.userinfo", identity.userinfo)
    tokeninfo = serve("oauth.tokeninfo", identity.tokeninfo)
    revoke = serve("oauth.revoke", tokens.revoke)
    yield web.get("/o/oauth2/v2/auth", authorize)
    yield web.get("/o/oauth2/auth", authorize)
    yield web.post("/o/oauth2/v2/auth/decision", serve("oauth.decide", consent.decide))
    yield web.post("/token", serve(operation_of, tokens.token, traits=tokens.traits))
    yield web.get("/revoke", revoke)
    yield web.post("/revoke", revoke)
    for path in ("/oauth2/v3/userinfo", "/v1/userinfo"):
        yield web.get(path, userinfo)
        yield web.post(path, userinfo)
    yield web.get("/tokeninfo", tokeninfo)
    yield web.post("/tokeninfo", tokeninfo)
    yield web.get("/.well-known/openid-configuration", serve("oauth.discovery", identity.discovery))
    yield web.get("/oauth2/v3/certs", serve("oauth.certs", identity.certificates))
