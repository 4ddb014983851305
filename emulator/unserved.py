"""What nobody serves, answered as the platform would under whose name it was asked.

The platform is told by the name of the host, where it is a real one, or by how the path
begins. All else is answered in words of the emulator's own.
"""

from collections.abc import Awaitable, Callable

from aiohttp import web

from emulator.calls import WORLD
from emulator.controls import ROOT
from emulator.hosts import host_of, is_below
from emulator.parsing import MOST_BYTES
from emulator.world import Platform

_TOO_LARGE = 413
_SITES = ("accounts.google.com", "www.youtube.com", "youtu.be", "www.facebook.com")


@web.middleware
async def answer(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Turn the router's refusals into the platform's."""
    try:
        return await handler(request)
    except (web.HTTPNotFound, web.HTTPMethodNotAllowed, web.HTTPRequestEntityTooLarge) as refusal:
        while await request.content.readany():
            pass  # read to its end, so that the client gets to see the answer
        platform = _platform_of(request)
        allow = {k: v for k, v in refusal.headers.items() if k == "Allow"}
        if platform is None or request.path.startswith(ROOT):
            words = f"Nothing is served at {request.method} {request.path}. See {ROOT}/."
            if refusal.status == _TOO_LARGE:
                words = f"The body has more than {MOST_BYTES} bytes. Send less."
            return web.json_response({"error": words}, status=refusal.status, headers=allow)
        refused = platform.refuse(request, refusal.status)
        refused.headers.update(allow)
        return refused


def is_api(request: web.Request) -> bool:
    """Tell whether a request came under a platform's name that is not one of its websites."""
    host = host_of(request)
    platforms = request.app[WORLD].platforms.values()
    return host not in _SITES and any(is_below(host, each.domains) for each in platforms)


def _platform_of(request: web.Request) -> Platform | None:
    platforms = request.app[WORLD].platforms.values()
    host = host_of(request)
    named = next((each for each in platforms if is_below(host, each.domains)), None)
    begun = (each for each in platforms if each.paths.match(request.path))
    return named or next(begun, None)
