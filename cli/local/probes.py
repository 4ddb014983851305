"""How one knows, from outside, that a part is ready; and that its port is free before.

A probe is asked again and again with the part's process id until it says yes, so it only
has to be right once the part is up.
"""

import socket
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from datetime import timedelta
from urllib.parse import urlsplit

import httpx2
from temporalio.client import Client

from domain.errors import Conflict
from runtime.devserver import ports
from runtime.health.queues import describe_queues, find_unpolled
from runtime.listening import refuse_taken
from runtime.settings import Settings
from runtime.temporal import worker_identity

Probe = Callable[[int], Awaitable[bool]]

_TIMEOUT = 5


def answers(url: str) -> Probe:
    """Ready when a GET of `url` succeeds."""

    async def is_ready(_pid: int) -> bool:
        # No proxy leads to this machine.
        async with httpx2.AsyncClient(timeout=_TIMEOUT, trust_env=False) as http:
            return (await http.get(url)).is_success

    return is_ready


def temporal_answers(client: Client, ui_url: str) -> Probe:
    """Ready when Temporal's frontend is healthy and its Web UI is there."""
    ui = answers(ui_url)

    async def is_ready(pid: int) -> bool:
        return await ui(pid) and await client.service_client.check_health(
            timeout=timedelta(seconds=_TIMEOUT)
        )

    return is_ready


def worker_polls(client: Client) -> Probe:
    """Ready when that very process takes work from every queue."""

    async def is_ready(pid: int) -> bool:
        return not find_unpolled(await describe_queues(client), worker_identity(pid))

    return is_ready


def needed_ports(settings: Settings, emulator: str | None) -> dict[int, tuple[str, str]]:
    """What `castline up` listens on: port → whose it is, and the setting that moves it."""
    frontend, ui = ports(settings)
    needed = {
        settings.port: ("the API", f"CASTLINE_PORT={settings.port + 10}"),
        frontend: ("Temporal", f"CASTLINE_TEMPORAL_ADDRESS=127.0.0.1:{frontend + 10}"),
        ui: ("the Temporal Web UI", f"CASTLINE_TEMPORAL_UI_URL=http://127.0.0.1:{ui + 10}"),
    }
    if emulator:
        port = urlsplit(emulator).port or 80
        moved = f"CASTLINE_EMULATOR_PORT={port + 10}"
        if settings.emulator_url is not None:
            moved = f"CASTLINE_EMULATOR_URL=http://127.0.0.1:{port + 10}"
        needed[port] = ("the emulator", moved)
    return needed


def refuse_taken_ports(settings: Settings, emulator: str | None) -> None:
    """Raises `Conflict` (code `port_taken`) naming each taken port and what to do about it, and
    `CastlineError` (code `address_unusable`) for a host that is not this machine."""
    taken = []
    for port, (owner, setting) in needed_ports(settings, emulator).items():
        host = settings.host if owner == "the API" else "127.0.0.1"
        try:
            refuse_taken(host, port, owner=owner, setting=setting)
        except Conflict as error:
            taken.append(error.sentence)
    if taken:
        raise Conflict("port_taken", "\n".join(taken))


def free_ports(count: int) -> list[int]:
    """Ports of this machine that are free now, each once."""
    # Held together, so that none is given twice.
    with ExitStack() as stack:
        held = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [listener.getsockname()[1] for listener in held]


def is_free(host: str, port: int) -> bool:
    """True when one could listen there now."""
    try:
        socket.create_server((host, port)).close()
    except OSError:
        return False
    return True
