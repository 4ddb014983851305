"""Which address is which operation.

Everything Google spreads over several hosts is on one origin here: clients are pointed
at it host by host. Uploads are found under `/upload/` and `/resumable/upload/`, because
the discovery document lists both.
"""

from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web

from emulator.calls import Call, Handler, Traits, serve
from emulator.google.errors import GoogleError
from emulator.google.oauth.consent import Consent
from emulator.google.oauth.grants import Grants
from emulator.google.oauth.identity import Identity
from emulator.google.oauth.signing import SigningKey
from emulator.google.oauth.tokens import Tokens, operation_of
from emulator.google.uploads import content_range, simple
from emulator.google.uploads.content_range import Unparsable
from emulator.google.uploads.methods import UploadMethod
from emulator.google.uploads.resumable import Resumable
from emulator.google.uploads.session import Sessions
from emulator.google.youtube.methods.channels import Channels
from emulator.google.youtube.methods.extras import Captions, InsertCaption, SetThumbnail
from emulator.google.youtube.methods.insert import InsertVideo
from emulator.google.youtube.methods.pictures import picture
from emulator.google.youtube.methods.playlists import Playlists
from emulator.google.youtube.methods.videos import Videos
from emulator.google.youtube.service import Service

_Served = Callable[[web.Request], Awaitable[web.StreamResponse]]


def routes(
    service: Service, grants: Grants, sessions: Sessions, key: SigningKey
) -> Iterable[web.AbstractRouteDef]:
    """Return the routes of both halves of Google."""
    yield from _oauth(service, grants, key)
    yield from _api(service, sessions)


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


def _api(service: Service, sessions: Sessions) -> Iterable[web.AbstractRouteDef]:
    videos, channels = Videos(service), Channels(service)
    playlists, captions = Playlists(service), Captions(service)
    root = "/youtube/v3"

    async def owners(request: web.Request) -> Traits:
        return Traits(owners=service.access.owners(request))

    def method(name: str, handler: Handler) -> _Served:
        return serve(name, _answering(handler), traits=owners)

    yield web.get(f"{root}/videos", method("videos.list", videos.find))
    yield web.put(f"{root}/videos", method("videos.update", videos.update))
    yield web.delete(f"{root}/videos", method("videos.delete", videos.delete))
    yield web.get(f"{root}/channels", method("channels.list", channels.find))
    yield web.get(f"{root}/captions", method("captions.list", captions.find))
    yield web.get(f"{root}/playlists", method("playlists.list", playlists.find))
    yield web.post(f"{root}/playlists", method("playlists.insert", playlists.insert))
    yield web.get(f"{root}/playlistItems", method("playlistItems.list", playlists.list_items))
    yield web.post(f"{root}/playlistItems", method("playlistItems.insert", playlists.insert_item))

    yield web.get("/vi/{of}/{size}.jpg", serve("pictures", picture))

    paths: dict[str, UploadMethod] = {
        "videos": InsertVideo(service),
        "thumbnails/set": SetThumbnail(service),
        "captions": InsertCaption(service),
    }
    by_name = {upload.name: upload for upload in paths.values()}
    resumable = Resumable(sessions, by_name, service.access, service.switches)
    for path, upload in paths.items():
        served = _upload(upload, resumable, service)
        for front in ("/upload", "/resumable/upload"):
            yield web.route("*", f"{front}{root}/{path}", served)


def _upload(upload: UploadMethod, resumable: Resumable, service: Service) -> _Served:
    """Serve one upload address: opening, bytes, questions and cancelling."""

    async def start(call: Call) -> web.StreamResponse:
        if call.request.query.get("uploadType") == "resumable":
            return await resumable.start(call, upload)
        return await simple.upload(call, upload, service.access)

    async def name(request: web.Request) -> str:
        return _name_of_start(upload, request)

    async def traits(request: web.Request) -> Traits:
        return Traits(_is_final(request), service.access.owners(request))

    begin = serve(name, _answering(start), traits=traits)
    move = serve(f"{upload.name}.transfer", resumable.transfer, traits=traits, streams=True)
    ask = serve(f"{upload.name}.status", resumable.transfer, traits=traits, streams=True)
    cancel = serve(f"{upload.name}.cancel", _answering(resumable.cancel), traits=traits)

    async def answer(request: web.Request) -> web.StreamResponse:
        if "upload_id" not in request.query:
            if request.method != "POST":
                raise web.HTTPMethodNotAllowed(request.method, ["POST"])
            return await begin(request)
        if request.method == "DELETE":
            return await cancel(request)
        if request.headers.get("Content-Range", "").replace(" ", "").startswith("bytes*/"):
            return await ask(request)
        return await move(request)

    return answer


def _name_of_start(upload: UploadMethod, request: web.Request) -> str:
    if upload.name != "videos.insert":
        return upload.name
    resumable = request.query.get("uploadType") == "resumable"
    return f"{upload.name}.{'start' if resumable else 'simple'}"


def _is_final(request: web.Request) -> bool:
    try:
        header = request.headers.get("Content-Range")
        return content_range.parse(header, request.content_length).final
    except Unparsable:
        return False


def _answering(handler: Handler) -> Handler:
    async def answer(call: Call) -> web.StreamResponse:
        try:
            return await handler(call)
        except GoogleError as error:
            return error.answer()

    return answer
