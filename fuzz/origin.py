"""An origin that gives what it is told to, and often not as it should."""

import asyncio
import random
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from aiohttp import web

_MANNERS = (
    *("well",) * 10,
    *("no ranges", "no length", "long", "short", "cut", "elsewhere", "in a circle", "silent"),
)
_KEPT = 200
"""Files that are served at a time; the oldest is forgotten first."""


@dataclass(frozen=True, slots=True)
class _File:
    data: bytes
    manner: str
    elsewhere: str


class HostileOrigin:
    """Serves files on this machine, each in a manner of its own."""

    def __init__(self) -> None:
        self._files: dict[str, _File] = {}
        self._url = ""

    def serve(self, data: bytes, rng: random.Random, elsewhere: str) -> str:
        """An address of the data, or one that redirects to what must not be followed."""
        manner = rng.choice(_MANNERS)
        name = secrets.token_hex(8)
        self._files[name] = _File(data, manner, elsewhere)
        if len(self._files) > _KEPT:
            del self._files[next(iter(self._files))]
        return f"{self._url}/{name}.mp4"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        found = self._files.get(request.match_info["name"].removesuffix(".mp4"))
        if found is None:
            raise web.HTTPNotFound
        data, manner = found.data, found.manner
        match manner:
            case "elsewhere":
                return web.Response(status=302, headers={"Location": found.elsewhere})
            case "in a circle":
                return web.Response(status=302, headers={"Location": str(request.url)})
            case "silent":
                await asyncio.sleep(60)
        first, status = 0, 200
        span = request.headers.get("Range", "")
        if span.startswith("bytes=") and manner not in ("no ranges", "no length"):
            first, status = int(span[6:].split("-")[0]), 206
        body = data[first:]
        response = web.StreamResponse(status=status, headers={"ETag": '"1"'})
        if status == 206:
            response.headers["Content-Range"] = f"bytes {first}-{len(data) - 1}/{len(data)}"
        match manner:
            case "no length":
                response.enable_chunked_encoding()
            case "long":
                response.content_length = len(body) + (1 << 40)
            case "short":
                response.content_length = max(0, len(body) - 1)
            case _:
                response.content_length = len(body)
        with suppress(ConnectionError):
            await response.prepare(request)
            await response.write(body[: len(body) // 2 if manner == "cut" else len(body)])
            if manner in ("cut", "long") and request.transport is not None:
                request.transport.abort()
        return response


@asynccontextmanager
async def hostile_origin() -> AsyncIterator[HostileOrigin]:
    """One on a free port; it ends on leaving."""
    origin = HostileOrigin()
    app = web.Application()
    app.router.add_get("/{name}", origin.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    origin._url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield origin
    finally:
        await runner.cleanup()
