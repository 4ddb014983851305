"""Which address of the API is which method, by the discovery document.

`refusal_of` answers all other addresses: what Google has and the emulator has not says so.
"""

from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web

from emulator.calls import Call, Traits, serve
from emulator.google.api import bad_requests
from emulator.google.api.calls import Served, answering, serve_method
from emulator.google.api.document import METHODS, methods_at
from emulator.google.errors import GoogleError
from emulator.google.uploads import content_range, simple
from emulator.google.uploads.content_range import Unparsable
from emulator.google.uploads.methods import UploadMethod
from emulator.google.uploads.reading import discard
from emulator.google.uploads.resumable import Resumable
from emulator.google.uploads.session import Sessions
from emulator.google.youtube.methods import categories, discovery
from emulator.google.youtube.methods.captions import Captions, InsertCaption, UpdateCaption
from emulator.google.youtube.methods.channels import Channels
from emulator.google.youtube.methods.insert import InsertVideo
from emulator.google.youtube.methods.pictures import picture
from emulator.google.youtube.methods.playlist_items import PlaylistItems
from emulator.google.youtube.methods.playlists import Playlists
from emulator.google.youtube.methods.search import Search
from emulator.google.youtube.methods.thumbnails import SetThumbnail
from emulator.google.youtube.methods.videos import Videos
from emulator.google.youtube.service import Service

_ONE_REQUEST = ("multipart", "media")


def routes(service: Service, sessions: Sessions) -> Iterable[web.AbstractRouteDef]:
    """Return everything under Google's addresses for the API."""
    videos, channels, captions = Videos(service), Channels(service), Captions(service)
    playlists, items = Playlists(service), PlaylistItems(service)
    answers = {
        "videos.list": videos.find,
        "videos.update": videos.update,
        "videos.delete": videos.delete,
        "channels.list": channels.find,
        "captions.list": captions.find,
        "captions.delete": captions.delete,
        "playlists.list": playlists.find,
        "playlists.insert": playlists.insert,
        "playlists.update": playlists.update,
        "playlists.delete": playlists.delete,
        "playlistItems.list": items.find,
        "playlistItems.insert": items.insert,
        "playlistItems.update": items.update,
        "playlistItems.delete": items.delete,
        "search.list": Search(service).find,
        "videoCategories.list": categories.find,
    }
    for name, answer in answers.items():
        yield web.route(METHODS[name].verb, METHODS[name].path, serve_method(service, name, answer))

    yield from _uploads(service, sessions)
    yield web.get("/vi/{of}/{size}.jpg", serve("pictures", picture))
    for path in (discovery.REST, "/$discovery/rest"):
        yield web.get(path, serve("discovery.rest", answering(discovery.rest)))
    yield web.get("/discovery/v1/apis", serve("discovery.list", answering(discovery.directory)))


def _uploads(service: Service, sessions: Sessions) -> Iterable[web.AbstractRouteDef]:
    methods: list[UploadMethod] = [
        InsertVideo(service),
        SetThumbnail(service),
        InsertCaption(service),
        UpdateCaption(service),
    ]
    by_name = {method.name: method for method in methods}
    resumable = Resumable(sessions, by_name, service.access, service.switches)
    at: dict[str, dict[str, UploadMethod]] = {}
    for method in methods:
        described = METHODS[method.name]
        assert described.media is not None
        yield web.route(described.verb, described.path, _without_file(service, method))
        for path in described.media.paths:
            at.setdefault(path, {})[described.verb] = method
    for path, by_verb in at.items():
        yield web.route("*", path, _upload(service, sessions, resumable, by_verb))


def _without_file(service: Service, method: UploadMethod) -> Served:
    """Serve a method that takes files at its other address, where no file comes."""

    async def take(call: Call) -> web.StreamResponse:
        return await simple.without_file(call, method, service.access)

    async def traits(request: web.Request) -> Traits:
        return Traits(owners=service.access.owners(request))

    return serve(method.name, answering(take), traits=traits)


def _upload(
    service: Service, sessions: Sessions, resumable: Resumable, by_verb: dict[str, UploadMethod]
) -> Served:
    """Serve one upload address: opening, bytes, questions and cancelling."""

    async def start(call: Call) -> web.StreamResponse:
        method = by_verb[call.request.method]
        upload_type = simple.upload_type_of(call.request)
        if upload_type == "resumable":
            return await resumable.start(call, method)
        if upload_type in _ONE_REQUEST:
            return await simple.upload(call, method, service.access)
        await discard(call)
        raise bad_requests.unsupported_upload_type(upload_type)

    async def name_of_start(request: web.Request) -> str:
        name = by_verb[request.method].name
        if name != "videos.insert":
            return name
        return f"{name}.{'start' if request.query.get('uploadType') == 'resumable' else 'simple'}"

    def of_session(step: str) -> Callable[[web.Request], Awaitable[str]]:
        async def name(request: web.Request) -> str:
            session = sessions.by_id.get(request.query["upload_id"])
            # Nobody knows what a session was for that is not there.
            method = session.record.method if session else next(iter(by_verb.values())).name
            return f"{method}.{step}"

        return name

    async def traits(request: web.Request) -> Traits:
        return Traits(_is_final(request), service.access.owners(request))

    begin = serve(name_of_start, answering(start), traits=traits)
    move = serve(of_session("transfer"), resumable.transfer, traits=traits, streams=True)
    ask = serve(of_session("status"), resumable.transfer, traits=traits, streams=True)
    cancel = serve(of_session("cancel"), answering(resumable.cancel), traits=traits)

    async def answer(request: web.Request) -> web.StreamResponse:
        if "upload_id" not in request.query:
            if request.method not in by_verb:
                return bad_requests.wrong_verb(by_verb).answer()
            return await begin(request)
        if request.method == "DELETE":
            return await cancel(request)
        if request.headers.get("Content-Range", "").replace(" ", "").startswith("bytes*/"):
            return await ask(request)
        return await move(request)

    return answer


def _is_final(request: web.Request) -> bool:
    try:
        header = request.headers.get("Content-Range")
        return content_range.parse(header, request.content_length).final
    except Unparsable:
        return False


def refusal_of(verb: str, path: str, status: int) -> GoogleError:
    """Return how Google answers what has no route: not served, not so, or not there.

    `status` is what the router says, 404 or 405; the document knows more. It is 413 for a body
    that is too large.
    """
    if status == 413:
        return bad_requests.too_large()
    known = methods_at(path)
    if method := known.get(verb):
        return bad_requests.not_served(f"youtube.{method.name}")
    if path.startswith("/batch"):
        return bad_requests.not_served("A batch of calls")
    if known or status == 405:
        return bad_requests.wrong_verb(known)
    return bad_requests.no_such_address()
