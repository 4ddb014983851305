"""What every call of the Graph API goes through, whatever it does.

A path is found with a version and without one; a version that never existed is refused,
one that has expired is served by the oldest there is (facts: Facebook section 1.1). Errors
that were ordered come before the call does anything; every error leaves in Meta's envelope.
"""

import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from aiohttp import web

from emulator.calls import Call, Handler, Traits, serve
from emulator.meta.graph.catalog import THROTTLES
from emulator.meta.graph.errors import GraphError, UploadError, graph_error
from emulator.meta.graph.params import Params, read_request
from emulator.meta.login.tokens import Tokens
from emulator.meta.usage import Usage

LATEST, OLDEST = 26, 21
VERSION = r"/{version:v\d+\.\d+}"
SLASH = "{slash:/?}"  # Meta's own library ends an address with one
_EARLY = frozenset({"v1.0", *(f"v2.{n}" for n in range(13)), *(f"v3.{n}" for n in range(4))})

Reader = Callable[[web.Request], Awaitable[Params]]
Operation = str | Callable[[web.Request], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Graph:
    """Makes routes of handlers."""

    tokens: Tokens
    usage: Usage

    def route(
        self,
        method: str,
        path: str,
        operation: Operation,
        handler: Handler,
        *,
        reads: Reader = read_request,
        streams: bool = False,
    ) -> Iterable[web.AbstractRouteDef]:
        """Serve a handler with and without a version before its path."""
        served = self.serve(operation, handler, reads=reads, streams=streams)
        for root in ("", VERSION):
            yield web.route(method, root + path + SLASH, served)

    def serve(
        self,
        operation: Operation,
        handler: Handler,
        *,
        reads: Reader = read_request,
        streams: bool = False,
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Make a handler into what aiohttp serves.

        `reads` tells what a request says, where that is not read like everywhere else. A
        handler that `streams` reads the body itself, and carries out `cut`, `status` and
        `raise_ordered` itself too, at the byte where they belong.
        """

        async def traits(request: web.Request) -> Traits:
            return Traits(owners=self.tokens.names_of((await reads(request)).token))

        counted = self.usage.wrap(handler, reads)
        return serve(operation, _answering(counted, streams), traits=traits, streams=streams)


def raise_ordered(call: Call) -> None:
    """Raise the error that a fault of this call dictates, if it does."""
    if call.suffers("graph_error"):
        raise ordered_error(call)


def ordered_error(call: Call) -> GraphError:
    """Return the error that the fault of this call names.

    Throttles come as they do in life, with usage headers that say: full, wait so long.
    """
    error = graph_error(call.option("reason", "2"))
    if error.code in THROTTLES:
        full = {"call_count": 100, "total_cputime": 25, "total_time": 25}
        use_case = {
            "type": "pages",
            **full,
            "estimated_time_to_regain_access": int(call.option("retry_after", 1)),
        }
        whose = call.request.match_info.get("node", "0")
        error.headers |= {
            "X-App-Usage": json.dumps(full),
            "X-Business-Use-Case-Usage": json.dumps({whose: [use_case]}),
        }
    return error


def _answering(handler: Handler, streams: bool) -> Handler:
    async def answer(call: Call) -> web.StreamResponse:
        try:
            version = _version(call.request)
            if not streams:
                raise_ordered(call)
            response = await handler(call)
        except (GraphError, UploadError) as error:
            return error.answer()
        if not response.prepared:
            response.headers["Facebook-API-Version"] = version
        return response

    return answer


def _version(request: web.Request) -> str:
    asked = request.match_info.get("version", f"v{LATEST}.0")
    major, _, minor = asked[1:].partition(".")
    if asked not in _EARLY and not (4 <= int(major) <= LATEST and minor == "0"):
        raise graph_error("2635")
    return f"v{max(int(major), OLDEST)}.0"
