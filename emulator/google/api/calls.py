"""One way for every method: who calls, what it costs, what is asked, then the answer.

The answer is written as asked (`fields`, `prettyPrint`), compressed for a client that says it
takes gzip, and carries its `etag` in the body and in the header, so that a client that has it
already (`If-None-Match`) gets 304 and no body.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from aiohttp.web_response import ContentCoding

from emulator.calls import Call, Handler, Traits, serve
from emulator.google.api.arguments import Arguments, plain_query
from emulator.google.api.document import METHODS
from emulator.google.errors import GoogleError, text_answer
from emulator.google.uploads.methods import metadata_of
from emulator.google.youtube.access import Caller
from emulator.google.youtube.service import Service

Served = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class MethodCall:
    """A call that may go on."""

    call: Call
    caller: Caller
    arguments: Arguments

    @property
    def parts(self) -> list[str]:
        """The parts asked for."""
        return self.arguments.parts

    @property
    def origin(self) -> str:
        """What addresses in the answer begin with."""
        return self.call.origin

    async def body(self) -> dict[str, Any]:
        """Return the resource that came with the call."""
        return metadata_of(await self.call.request.read())


Content = Mapping[str, Any] | None
"""A resource or a list; None where there is nothing to say."""


def serve_method(
    service: Service, name: str, answer: Callable[[MethodCall], Awaitable[Content]]
) -> Served:
    """Make an aiohttp handler out of what a method does."""
    method = METHODS[name]

    async def handle(call: Call) -> web.StreamResponse:
        caller = service.access.caller(call, name)
        service.meter.charge(name)
        arguments = Arguments.read(method, plain_query(call.request.query))
        content = await answer(MethodCall(call, caller, arguments))
        if content is None:
            return web.Response(status=204)
        return written(call.request, arguments, content)

    async def owners(request: web.Request) -> Traits:
        return Traits(owners=service.access.owners(request))

    return serve(name, answering(handle), traits=owners)


def written(
    request: web.Request, arguments: Arguments, content: Mapping[str, Any]
) -> web.StreamResponse:
    """Answer with a content, or with 304 where the client has it already."""
    tag = str(content.get("etag", ""))
    headers = {"ETag": f'"{tag}"'} if tag else {}
    if request.method == "GET" and _has(request, tag):
        return web.Response(status=304, headers=headers)
    return text_answer(arguments.write(content), headers=headers)


def answering(handler: Handler) -> Handler:
    """Let a handler's refusal be its answer, and compress what it answers."""

    async def answer(call: Call) -> web.StreamResponse:
        try:
            response = await handler(call)
        except GoogleError as error:
            response = error.answer()
        takes = call.request.headers.get("Accept-Encoding", "")
        if "gzip" in takes and response.content_type == "application/json":
            response.enable_compression(ContentCoding.gzip)
        return response

    return answer


def _has(request: web.Request, tag: str) -> bool:
    asked = request.headers.get("If-None-Match", "")
    known = {each.strip().removeprefix("W/").strip('"') for each in asked.split(",")}
    return bool(tag) and not known.isdisjoint({tag, "*"})
