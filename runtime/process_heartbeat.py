"""A process records in the database that it runs and which keys it has in memory.

`castline rotate-keys` waits until every running process has read the new key set. The row is
written every few seconds, after the key set file was looked at.
"""

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from sqlalchemy.exc import SQLAlchemyError

from store.engine import Store
from store.keyring import Keyring
from store.queries.processes import SEEN_EVERY, forget_process, record_process

_log = logging.getLogger("castline.process")

_STOP_SECONDS = 2.0
"""How long a write that is under way may delay the end of the process."""


@asynccontextmanager
async def process_heartbeat(role: str, store: Store, keyring: Keyring) -> AsyncIterator[None]:
    """Record this process as running inside the block.

    A database that is away delays the start not at all and the end by two seconds at most; a
    row that could not be removed counts as a running process for 30 seconds.
    """
    id = f"prc_{secrets.token_hex(16)}"
    is_over = asyncio.Event()
    recording = asyncio.create_task(_record_until(is_over, id, role, store, keyring))
    try:
        yield
    finally:
        is_over.set()
        await asyncio.wait({recording}, timeout=_STOP_SECONDS)
        if recording.done():
            await asyncio.to_thread(_forget, store, id)
        recording.cancel()


async def _record_until(
    is_over: asyncio.Event, id: str, role: str, store: Store, keyring: Keyring
) -> None:
    while not is_over.is_set():
        await asyncio.to_thread(_record, id, role, store, keyring)
        with suppress(TimeoutError):
            await asyncio.wait_for(is_over.wait(), SEEN_EVERY.total_seconds())


def _record(id: str, role: str, store: Store, keyring: Keyring) -> None:
    keyring.refresh()
    try:
        with store.write() as session:
            record_process(
                session,
                id=id,
                role=role,
                host=socket.gethostname(),
                pid=os.getpid(),
                keyring=keyring,
            )
    except SQLAlchemyError as error:
        _log.warning("the process row could not be written: %s", type(error).__name__)


def _forget(store: Store, id: str) -> None:
    with suppress(SQLAlchemyError), store.write() as session:
        forget_process(session, id)
