"""A process says in the database that it runs and which keys it has in memory.

Whoever rotates the key set waits for every running process to have read it. The row is
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
from store.queries.processes import SEEN_EVERY, forget_process, note_process

_log = logging.getLogger("castline.presence")


@asynccontextmanager
async def present(role: str, store: Store, keyring: Keyring) -> AsyncIterator[None]:
    """Show this process as running inside the block.

    A database that is away delays neither the start nor the end.
    """
    presence = _Presence(role, store, keyring)
    showing = asyncio.create_task(presence.show())
    try:
        yield
    finally:
        showing.cancel()
        with suppress(asyncio.CancelledError):
            await showing
        await asyncio.to_thread(presence.end)


class _Presence:
    def __init__(self, role: str, store: Store, keyring: Keyring) -> None:
        self._id = f"prc_{secrets.token_hex(16)}"
        self._role = role
        self._store = store
        self._keyring = keyring

    async def show(self) -> None:
        while True:
            await asyncio.shield(asyncio.to_thread(self._write))
            await asyncio.sleep(SEEN_EVERY.total_seconds())

    def _write(self) -> None:
        self._keyring.refresh()
        try:
            with self._store.write() as session:
                note_process(
                    session,
                    id=self._id,
                    role=self._role,
                    host=socket.gethostname(),
                    pid=os.getpid(),
                    keyring=self._keyring,
                )
        except SQLAlchemyError as error:
            _log.warning("the process row could not be written: %s", type(error).__name__)

    def end(self) -> None:
        with suppress(SQLAlchemyError), self._store.write() as session:
            forget_process(session, self._id)
