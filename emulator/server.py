"""Everything on one origin: the controls, the platforms and a page that says so.

The origin can go away for a while, as platforms do: nothing is listening then, and every
connection is cut. What the world knows stays as it is, sessions on their way included.
"""

import asyncio
import errno
import signal
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from email.utils import formatdate
from pathlib import Path

from aiohttp import web

from emulator import controls, reference, unserved
from emulator.calls import COMMIT, WORLD
from emulator.google.platform import Google
from emulator.keeper import Keeper
from emulator.meta.platform import Meta
from emulator.pages import page
from emulator.parsing import MOST_BYTES
from emulator.world import World

# Large reads keep the event loop out of the way of a fast upload; this bounds what one
# connection holds in memory.
READ_BUFFER = 1 << 20
AT_ONCE = 0.05  # seconds; aiohttp takes 0 for no limit at all


def make_world() -> World:
    """Return a world with all platforms in their seeded state."""
    world = World()
    world.add(Google(world))
    world.add(Meta(world))
    return world


def make_app(world: World) -> web.Application:
    """Return the application that serves a world."""
    app = web.Application(client_max_size=MOST_BYTES, middlewares=[unserved.answer])
    app[WORLD] = world
    app[COMMIT] = _nothing
    app.on_response_prepare.append(_tell_time)
    app.cleanup_ctx.append(_background)
    app.add_routes([web.get("/", _home), *reference.routes(), *controls.routes()])
    for platform in world.platforms.values():
        app.add_routes(platform.routes())
    return app


async def run(
    host: str,
    port: int,
    *,
    state: Path | None = None,
    tls: ssl.SSLContext | None = None,
    ready: Callable[[str], None] = print,
) -> None:
    """Serve until SIGTERM or SIGINT, then end at once, whatever is still going on.

    `ready` is told the address as soon as connections are accepted. Raises SystemExit with a
    sentence when the address cannot be had, or the state neither read nor written.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)

    world = make_world()
    keeper = Keeper(world, state) if state else None
    if keeper:
        keeper.load()
    app = make_app(world)
    if keeper:
        app[COMMIT] = keeper.commit
    runner = web.AppRunner(app, access_log=None, read_bufsize=READ_BUFFER, shutdown_timeout=AT_ONCE)
    origin = Origin(runner, host, port, tls)
    app[controls.BREAK_OFF] = origin.break_off
    await runner.setup()
    try:
        await origin.open()
    except OSError as error:
        await runner.cleanup()
        raise SystemExit(f"emulator: {_sentence(error, host, port)}") from None
    keeping = asyncio.create_task(keeper.keep()) if keeper else None
    ready(origin.address)
    await stop.wait()
    if keeper and keeping:
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping
        keeper.close()
    await origin.close()


def _sentence(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} of {host} is taken. End what uses it, or name another --port."
    if error.errno == errno.EACCES:
        return f"Port {port} of {host} may not be used by this user. Name another --port."
    return f"{host} is not an address of this machine ({error.strerror}). Check --host."


async def _nothing() -> None:
    """Keep nothing: there is no state file."""


class Origin:
    """The socket, as the world outside sees it: there, or away for a while."""

    def __init__(
        self, runner: web.AppRunner, host: str, port: int, tls: ssl.SSLContext | None
    ) -> None:
        self._runner = runner
        self._host = host
        self._port = port
        self._tls = tls
        self._site: web.SockSite | None = None
        self._outage: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        """Where it is, once it has been opened; an outage does not change it."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'https' if self._tls else 'http'}://{host}:{self._port}"

    async def open(self) -> None:
        """Accept connections."""
        await self._listen(self._take_port())

    def break_off(self, seconds: float) -> None:
        """Begin an outage at once; it ends by itself. During one there is nothing to break."""
        if self._outage is None:
            self._outage = asyncio.create_task(self._be_away(seconds))

    async def close(self) -> None:
        """End for good, also in the middle of an outage."""
        if self._outage:
            self._outage.cancel()
            with suppress(asyncio.CancelledError):
                await self._outage
        await self._runner.cleanup()

    async def _be_away(self, seconds: float) -> None:
        assert self._site is not None
        await self._site.stop()
        server = self._runner.server
        for connection in server.connections if server else ():
            if connection.transport:
                connection.transport.abort()
        # Nobody else shall have the port meanwhile.
        port = self._take_port()
        await asyncio.sleep(seconds)
        await self._listen(port)
        self._outage = None

    def _take_port(self) -> socket.socket:
        """A socket at the address, from the second time on the same; connections are refused."""
        taken = socket.socket(socket.AF_INET6 if ":" in self._host else socket.AF_INET)
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((self._host, self._port))
        self._port = taken.getsockname()[1]
        return taken

    async def _listen(self, port: socket.socket) -> None:
        self._site = web.SockSite(self._runner, port, ssl_context=self._tls, backlog=512)
        await self._site.start()


async def _background(app: web.Application) -> AsyncIterator[None]:
    """Run the platforms' background work while the application runs."""
    tasks = [asyncio.create_task(work()) for work in app[WORLD].background]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _tell_time(request: web.Request, response: web.StreamResponse) -> None:
    """Let every answer's `Date` be the platforms' clock, which may be far from the client's."""
    response.headers["Date"] = formatdate(request.app[WORLD].clock.now(), usegmt=True)


async def _home(request: web.Request) -> web.StreamResponse:
    world = request.app[WORLD]
    if unserved.is_api(request):
        raise web.HTTPNotFound
    platforms = [platform.introduce() for platform in world.platforms.values()]
    return page("home.html", platforms=platforms, controls=controls.CONTROLS)
