"""An origin that is fast until it is told to be slow: a byte every few seconds, or none at all.

It answers on a loop of its own in a thread, so that hundreds of hanging connections cost one
thread, and a busy test does not slow it down.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from aiohttp import web

PAUSE_SECONDS = 3.0


@dataclass
class TricklingOrigin:
    """Serves `files` by name, each at any number of addresses."""

    files: dict[str, bytes]
    slow: set[str] = field(default_factory=set)
    """Names that are given a byte every three seconds."""
    fast_once: set[str] = field(default_factory=set)
    """Names that each address gives at once when it is asked first, and slowly from then on."""
    silent: set[str] = field(default_factory=set)
    """Names about which nothing is ever said."""
    hanging: Counter[str] = field(default_factory=Counter)
    """Requests that are waiting for bytes now, by name."""
    asked: Counter[str] = field(default_factory=Counter)
    """Requests so far, by address."""
    url: str = ""

    def address(self, name: str, number: int = 0) -> str:
        """An address of a file; each number is another address of it."""
        return f"{self.url}/{name}?n={number}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        self.asked[request.path_qs] += 1
        self.hanging[name] += 1
        try:
            return await self._give(request, name)
        finally:
            self.hanging[name] -= 1

    async def _give(self, request: web.Request, name: str) -> web.StreamResponse:
        if name in self.silent:
            await asyncio.Event().wait()
        is_slow = name in self.slow or (name in self.fast_once and self.asked[request.path_qs] > 1)
        data = self.files[name]
        first, last, status = 0, len(data) - 1, 200
        span = request.headers.get("Range", "").removeprefix("bytes=")
        if span:
            start, _, end = span.partition("-")
            first, last, status = int(start), min(int(end or last), last), 206
        body = data[first : last + 1]
        response = web.StreamResponse(status=status, headers={"ETag": '"1"'})
        response.content_length = len(body)
        if status == 206:
            response.headers["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
        with suppress(ConnectionError):
            await response.prepare(request)
            if not is_slow:
                await response.write(body)
                return response
            for byte in body:
                await response.write(bytes([byte]))
                await asyncio.sleep(PAUSE_SECONDS)
        return response


@contextmanager
def trickling_origin(files: dict[str, bytes]) -> Iterator[TricklingOrigin]:
    """One on a free port; it ends, with whatever hangs, on leaving."""
    origin = TricklingOrigin(files)
    is_up = threading.Event()
    loop = asyncio.new_event_loop()
    is_over = asyncio.Event()

    async def serve() -> None:
        app = web.Application()
        app.router.add_get("/{name}", origin.answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        origin.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        is_up.set()
        await is_over.wait()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    is_up.wait()
    try:
        yield origin
    finally:
        loop.call_soon_threadsafe(is_over.set)
        thread.join(10)
