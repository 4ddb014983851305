"""A process records in the database that it runs and which keys it has in memory.

`castline rotate-keys` waits until every running process has read the new key set. The row is
written every few seconds, after the key set file was looked at.
"""

import logging
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

from sqlalchemy.exc import SQLAlchemyError

from domain.errors import CastlineError, DatabaseUnavailable
from store.engine import Store
from store.keyring import Keyring
from store.queries.processes import SEEN_EVERY, forget_process, record_process

_log = logging.getLogger("castline.process")

_STOP_SECONDS = 2.0
"""How long a busy database may delay the end of the process."""


@contextmanager
def process_heartbeat(role: str, store: Store, keyring: Keyring) -> Iterator[None]:
    """Record this process as running inside the block.

    A database that is away delays the start not at all and the end by two seconds at most; a
    row that could not be removed counts as a running process for 30 seconds.
    """
    is_over = Event()
    # A thread of its own, for a database that does not answer must not hold up the event loop.
    recording = Thread(
        target=_record_until, args=(is_over, role, store, keyring), name="heartbeat", daemon=True
    )
    recording.start()
    try:
        yield
    finally:
        is_over.set()
        recording.join(_STOP_SECONDS)


def _record_until(is_over: Event, role: str, store: Store, keyring: Keyring) -> None:
    id = f"prc_{secrets.token_hex(16)}"
    while True:
        _record(id, role, store, keyring)
        if is_over.wait(SEEN_EVERY.total_seconds()):
            break
    with suppress(CastlineError, SQLAlchemyError), store.write() as session:
        forget_process(session, id)


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
    except DatabaseUnavailable as error:
        _log.warning("the process row could not be written: %s", error.reason)
    except (CastlineError, SQLAlchemyError) as error:
        _log.warning("the process row could not be written: %s", type(error).__name__)
