"""Whether a process can do its job: the answer to `/readyz` of API and worker.

The answer is for everybody who reaches the port, so it names no path, address or host.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from domain.errors import Unavailable
from runtime.health import database, disks, keys
from runtime.health.finding import Finding, State, in_thread, ok, run_check, warning
from runtime.process_heartbeat import Heartbeat
from runtime.settings import Settings
from store.engine import Store
from store.keyring import Keyring

NO_TEMPORAL = "Start Temporal, or correct CASTLINE_TEMPORAL_ADDRESS."
"""What to do where it does not answer."""
LOOK_SECONDS = 3.0
"""How long each part may take to answer."""

Ping = Callable[[], Awaitable[None]]
"""Raises `Unavailable` when Temporal does not answer."""
Unpolled = Callable[[], Awaitable[Sequence[str]]]
"""The names of task queues that no worker polls."""


async def check_api(
    settings: Settings,
    store: Store,
    keyring: Keyring,
    heartbeat: Heartbeat,
    *,
    ping: Ping,
    find_unpolled: Unpolled,
) -> list[Finding]:
    """What the API needs to accept. Temporal and workers are only needed to go on with it."""
    return await together(
        look_at_database(store, heartbeat),
        look_at_disk(settings),
        look_at_keys(keyring),
        look("temporal", lambda: _temporal_behind_api(ping, find_unpolled)),
    )


async def together(*looks: Awaitable[list[Finding]]) -> list[Finding]:
    """The findings of all looks, which run at the same time, in their order."""
    return [finding for found in await asyncio.gather(*looks) for finding in found]


def is_ready(findings: Sequence[Finding]) -> bool:
    return all(finding.state is not State.FAILED for finding in findings)


def body_of(findings: Sequence[Finding]) -> dict[str, Any]:
    """The body of `/readyz`."""
    return {
        "status": "ready" if is_ready(findings) else "not ready",
        "parts": {
            finding.subject: {
                "state": finding.state,
                "fact": finding.fact,
                "remedy": finding.remedy,
            }
            for finding in findings
        },
    }


async def look_at_database(store: Store, heartbeat: Heartbeat) -> list[Finding]:
    found = await look("database", lambda: database.check_database(store, heartbeat))
    # A look that was late says nothing of the schema.
    return found if len(found) > 1 else database.unreachable(found[0].fact)


async def look_at_disk(settings: Settings) -> list[Finding]:
    return await look("disk", lambda: in_thread(disks.check_disk, settings))


async def look_at_keys(keyring: Keyring) -> list[Finding]:
    return await look("keySet", lambda: in_thread(keys.check_keyring, keyring))


async def look(subject: str, check: Callable[[], Awaitable[Any]]) -> list[Finding]:
    """What one part says in its time."""
    return await run_check(subject, check, seconds=LOOK_SECONDS)


async def _temporal_behind_api(ping: Ping, find_unpolled: Unpolled) -> list[Finding]:
    try:
        async with asyncio.timeout(LOOK_SECONDS / 2):
            await ping()
            unpolled = await find_unpolled()
    except (Unavailable, TimeoutError):
        fact = "does not answer; what the API accepts starts when it is back"
        return [warning("temporal", fact, NO_TEMPORAL)]
    answers = ok("temporal", "answers")
    if unpolled:
        fact = f"no worker polls {', '.join(unpolled)}; what the API accepts starts when one does"
        return [answers, warning("workers", fact, "Start a worker: castline worker")]
    return [answers, ok("workers", "all task queues are polled")]
