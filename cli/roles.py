"""The roles that a process can play: everything, worker, API, emulator, demo.

Each is startable alone and in any number (`up` and `emulator` once per port). All end by
SIGINT and SIGTERM with exit code 0.
"""

import asyncio
import logging
import os
import signal
import sys
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import announce

if TYPE_CHECKING:
    from runtime.settings import Settings

app = typer.Typer()


@app.command()
def up() -> None:
    """Run everything on this machine until Ctrl-C: Temporal, worker, API and, where it is asked
    for or no platform is set up, the emulator."""
    from cli.local.probes import free_ports
    from cli.local.supervisor import NotReady
    from cli.local.up import up
    from runtime.settings import Settings

    settings = Settings()
    if settings.port == 0:
        settings = _with_port(free_ports(1)[0])
    try:
        asyncio.run(up(settings, announce))
    except NotReady as trouble:
        announce(*str(trouble).split("\n"))
        raise typer.Exit(1) from None


@app.command()
def worker() -> None:
    """Take work from Temporal: lifecycles, short activities and transfers."""
    import uvloop

    from cli.addresses import Addresses, announced, with_api_address
    from runtime.logs import set_up_logging
    from runtime.settings import Settings
    from runtime.temporal import client_options
    from runtime.worker import run_worker

    settings = with_api_address(Settings())
    set_up_logging(settings)

    def be_found() -> AbstractContextManager[None]:
        here = Addresses(temporal=client_options(settings)["target_host"])
        return announced(settings, "worker", here)

    async def work() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await run_worker(settings, stop, be_found)

    uvloop.run(work())


@app.command()
def api() -> None:
    """Serve the HTTP API."""
    from cli.addresses import Addresses, announced
    from runtime.http_server import build_server
    from runtime.listening import listen
    from runtime.logs import set_up_logging
    from runtime.settings import Settings

    settings = Settings()
    set_up_logging(settings)
    setting = f"CASTLINE_PORT={_another(settings.port)}"
    sockets = listen(settings.host, settings.port, owner="the API", setting=setting)
    if settings.port == 0:
        # A host may have several addresses, each with a free port of its own.
        sockets, unused = sockets[:1], sockets[1:]
        for each in unused:
            each.close()
        settings = _with_port(sockets[0].getsockname()[1])
    url = settings.local_url
    with ExitStack() as stack:

        def be_found() -> None:
            stack.enter_context(announced(settings, "api", Addresses(api=url)))
            logging.getLogger("castline.api").info("api is ready: %s", url)

        server = build_server(settings, on_listening=be_found)
        # It raises again the signal that ended it, as if it had not been caught.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: sys.exit(0))
        server.run(sockets)
    if not server.started:
        raise typer.Exit(1)


@app.command(
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def emulator(context: typer.Context) -> None:
    """Run the stand-in for the platforms alone; `castline emulator --help` shows its options."""
    from cli.local.environment import plain_environment
    from runtime.settings import Settings

    settings = Settings()
    # Nothing imports the emulator, so it reads its options itself. The last one of a name wins.
    argv = [sys.executable, "-P", "-m", "emulator", "--port", str(settings.emulator_port)]
    argv += ["--tls-folder", str(settings.data_dir.absolute() / "emulator-tls"), *context.args]
    # It parses what strangers send, so it holds none of the shell's secrets.
    os.execve(argv[0], argv, plain_environment())  # noqa: S606


def _another(port: int) -> int:
    return port + 10 if port < 65526 else port - 10


@app.command()
def demo(
    stay: Annotated[bool, typer.Option("--stay", help="Keep running until Ctrl-C.")] = False,
) -> None:
    """Publish one real mp4 to an emulated channel, on free ports and in a temporary folder."""
    from cli.local.demo import demo

    raise typer.Exit(asyncio.run(demo(stay=stay)))


def _with_port(port: int) -> "Settings":
    """The settings with the port that was found for `CASTLINE_PORT=0`, for children, too."""
    from runtime.settings import Settings

    os.environ["CASTLINE_PORT"] = str(port)
    return Settings()
