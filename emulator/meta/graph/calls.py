"""What every call of the Graph API goes through, whatever it does.

A path is served with and without a version. Legacy features are handled first (see `legacy`).
Injected errors come before the call does anything. Every error is in Meta's envelope, also for
paths and methods that are not served.
"""

import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from aiohttp import web

from emulator.calls import Call, Handler, Traits, serve
from emulator.meta.graph.catalog import THROTTLES
from emulator.meta.graph.errors import GraphError, UploadError, graph_error, no_such_object
from emulator.meta.graph.legacy import Legacy
from emulator.meta.graph.names import EDGES
from emulator.meta.graph.params import Params, read_request
from emulator.meta.graph.versions import VERSION, served_version
from emulator.meta.login.tokens import Tokens
from emulator.meta.usage import Usage

SLASH = "{slash:/?}"  # Meta's own library ends an address with one
ME = r"/{node:me|\d+}"

Reader = Callable[[web.Request], Awaitable[Params]]
Operation = str | Callable[[web.Request], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Graph:
    """Makes routes of handlers."""

    tokens: Tokens
    usage: Usage
    legacy: Legacy
    _paths: dict[str, None] = field(default_factory=dict)

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
        self._paths[path] = None
        for root in ("", VERSION):
            yield web.route(method, root + path + SLASH, served)

    def unserved(self) -> Iterable[web.AbstractRouteDef]:
        """Return routes that refuse all other methods and paths; register them last."""
        for path in self._paths:
            for root in ("", VERSION):
                yield web.route("*", root + path + SLASH, self._unserved(no_such_method))
        below = r"/{node:me|\d+|\d+_\d+}/{rest:.+}"
        for path in (below, VERSION + below, VERSION, f"{VERSION}/{{rest:.*}}"):
            yield web.route("*", path, self._unserved(no_such_path))

    def _unserved(
        self, refusal: Callable[[web.Request], GraphError]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answer(request: web.Request) -> web.StreamResponse:
            try:
                served_version(request)
                used = await self.legacy.answer(request, await read_request(request))
                return used or refusal(request).answer()
            except GraphError as error:
                return error.answer()

        return answer

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
        served = serve(operation, _answering(counted, streams), traits=traits, streams=streams)

        async def answer(request: web.Request) -> web.StreamResponse:
            try:
                used = await self.legacy.answer(request, await reads(request))
            except GraphError as error:
                return error.answer()
            return used or await served(request)

        return answer


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
        version = 0
        try:
            version = served_version(call.request)
            if not streams:
                raise_ordered(call)
            response = await handler(call)
        except (GraphError, UploadError) as error:
            response = error.answer()
        if version and not response.prepared:
            response.headers["Facebook-API-Version"] = f"v{version}.0"
        return response

    return answer


_DOCUMENTED = frozenset().union(*EDGES.values())


def no_such_method(request: web.Request) -> GraphError:
    return no_such_object(request.match_info.get("node", ""), request.method.lower())


def no_such_path(request: web.Request) -> GraphError:
    """Return the error for a path: an edge that is not served, an unknown edge or alias."""
    # A path that no route of the Graph API matched is unknown as a whole.
    rest = request.match_info.get("rest", request.path if request.match_info.http_exception else "")
    rest, method = rest.strip("/"), request.method.lower()
    if not rest:
        return no_such_object("", method)
    if "node" in request.match_info and rest in _DOCUMENTED:
        message = f"Unsupported {method} request. The emulator does not serve /{rest}."
        return GraphError(400, 100, None, message, type="GraphMethodException")
    if "node" not in request.match_info and "/" not in rest:
        return graph_error("803", f"(#803) Some of the aliases you requested do not exist: {rest}")
    return graph_error("2500", f"Unknown path components: /{rest}")
