"""The seam between a route, the faults and a platform.

`serve` wraps a platform's handler: it names the operation, counts it, asks the faults,
and carries out the kinds that any call can suffer. The kinds that need knowledge of a
platform reach the handler in `Call.fault`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientError, web

from emulator.faults import Fault
from emulator.world import World

WORLD: web.AppKey[World] = web.AppKey("world", World)
COMMIT: web.AppKey[Callable[[], Awaitable[None]]] = web.AppKey("commit")
"""Returns when what clients have been promised is in the state file, if there is one."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What a fault may ask of a call beside its operation."""

    final: bool = False
    owners: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Call:
    """One request, the operation it is, and the fault that strikes it, if one does."""

    request: web.Request
    world: World
    operation: str
    fault: Fault | None

    def suffers(self, *kinds: str) -> bool:
        """Tell whether the fault of this call is one of these kinds."""
        return self.fault is not None and self.fault.kind in kinds

    def option(self, name: str, default: Any = None) -> Any:
        """Return an option of this call's fault."""
        return self.fault.options.get(name, default) if self.fault else default

    @property
    def pace(self) -> int:
        """How many bytes of a file to take in a second; 0 is as fast as they come."""
        pace: int = self.world.switches.upload_bytes_per_second
        return int(self.option("bytes_per_second")) if self.suffers("trickle") else pace

    @property
    def origin(self) -> str:
        """The address the client used: what absolute URLs in answers must begin with."""
        return f"{self.request.scheme}://{self.request.host}"

    def cut(self) -> web.Response:
        """Cut the connection at once; the returned response is never sent."""
        if self.request.transport is not None:
            self.request.transport.abort()
        return web.Response()

    def scripted(self) -> web.Response:
        """Return the answer that a fault of the kind `status` dictates.

        Text or HTML, because that is what the front ends of both platforms send when
        they speak for a service behind them that does not answer.
        """
        status = self.option("status", 503)
        headers = {"Retry-After": str(self.option("retry_after"))}
        return web.Response(
            status=status,
            text=_PAGE.format(status=status) if self.option("html") else "Backend Error",
            content_type="text/html" if self.option("html") else "text/plain",
            headers=headers if self.option("retry_after") is not None else None,
        )


Handler = Callable[[Call], Awaitable[web.StreamResponse]]


def serve(
    operation: str | Callable[[web.Request], Awaitable[str]],
    handler: Handler,
    *,
    traits: Callable[[web.Request], Awaitable[Traits]] | None = None,
    streams: bool = False,
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Make an aiohttp handler out of a platform's handler.

    A handler that `streams` reads the body piece by piece and therefore carries out
    `cut` and `status` itself, at the byte the fault names.
    """

    async def answer(request: web.Request) -> web.StreamResponse:
        world = request.app[WORLD]
        name = operation if isinstance(operation, str) else await operation(request)
        seen = await traits(request) if traits else Traits()
        fault = world.faults.take(name, final=seen.final, owners=seen.owners)
        call = Call(request, world, name, fault)
        world.note_call(name)
        if not streams and call.suffers("cut"):
            return call.cut()
        if not streams and call.suffers("status"):
            return call.scripted()
        try:
            response = await handler(call)
        except (ConnectionError, ClientError):
            return call.cut()  # the client has gone; what it sent is dealt with
        if not name.endswith(_READS):
            world.promise()
        await request.app[COMMIT]()
        world.changes += 1
        if call.suffers("slow"):
            await asyncio.sleep(call.option("delay_seconds"))
        if call.suffers("lose_answer"):
            return call.cut()
        return response

    return answer


# Operations whose answers promise nothing that a restart could break. How far an upload is,
# is in its spool, and what ends one makes a promise of its own. A client whose access token
# is not known any more refreshes again.
_READS = (
    *(".transfer", ".status", ".list", ".refresh", ".userinfo", ".tokeninfo", ".certs"),
    *(".discovery", ".permissions", "debug_token", "video.get", "me.get", "dialog.open"),
    *("picture", "pictures", "watch", "permalink"),
)

_PAGE = """<!DOCTYPE html>
<html lang=en><meta charset=utf-8><title>Error {status} (Server Error)!!1</title>
<p><b>{status}.</b> <ins>That\N{RIGHT SINGLE QUOTATION MARK}s an error.</ins>
<p>The server encountered a temporary error. <ins>Please try again in 30 seconds.</ins>
</html>
"""
