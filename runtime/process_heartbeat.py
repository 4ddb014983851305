"""A process records in the database that it runs and which keys it has in memory.

`castline rotate-keys` waits until every running process has read the new key set. The row is
written every few seconds, after the key set file was looked at. Whether it could be written is
what readiness says of writes to the database: nothing else proves that there is room for one.
"""

import logging
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from time import monotonic

from sqlalchemy.exc import SQLAlchemyError

from domain.errors import CastlineError, DatabaseUnavailable, InsufficientStorage
from domain.ids import new_process_id
from store.engine import Store
from store.keyring import Keyring
from store.queries.processes import ALIVE, SEEN_EVERY, forget_process, record_process

_log = logging.getLogger("castline.process")

_STOP_SECONDS = 2.0
"""How long a busy database may delay the end of the process."""


NO_ROOM = "has no room: its disk is full"


def name_of(error: Exception) -> str:
    """An error of the database without its text, which may quote an address with its password."""
    if isinstance(error, CastlineError):
        return error.code
    return type(getattr(error, "orig", None) or error).__name__


class Heartbeat:
    """When this process last wrote its row, and why it could not. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._last: float | None = None
        self._failure: str | None = None

    def begin(self) -> None:
        self._last = self._clock()

    def succeeded(self) -> None:
        self._last, self._failure = self._clock(), None

    def failed(self, error: Exception) -> None:
        is_full = isinstance(error, InsufficientStorage)
        self._failure = NO_ROOM if is_full else f"takes no writes ({name_of(error)})"

    def trouble(self) -> str | None:
        """Why the database takes no writes. None when it does, or none was tried yet."""
        if self._failure is not None or self._last is None:
            return self._failure
        silence = self._clock() - self._last
        late = (ALIVE + SEEN_EVERY).total_seconds()
        return f"has taken no write for {silence:.0f} s" if silence > late else None


@contextmanager
def process_heartbeat(
    role: str, store: Store, keyring: Keyring, heartbeat: Heartbeat | None = None
) -> Iterator[None]:
    """Record this process as running inside the block, and in `heartbeat` what came of it.

    A database that is away delays the start not at all and the end by two seconds at most; a
    row that could not be removed counts as a running process for 30 seconds.
    """
    is_over = Event()
    heartbeat = heartbeat or Heartbeat()
    heartbeat.begin()
    # A thread of its own, for a database that does not answer must not hold up the event loop.
    recording = Thread(
        target=_record_until,
        args=(is_over, role, store, keyring, heartbeat),
        name="heartbeat",
        daemon=True,
    )
    recording.start()
    try:
        yield
    finally:
        is_over.set()
        recording.join(_STOP_SECONDS)


def _record_until(
    is_over: Event, role: str, store: Store, keyring: Keyring, heartbeat: Heartbeat
) -> None:
    id = new_process_id()
    while True:
        record(id, role, store, keyring, heartbeat)
        if is_over.wait(SEEN_EVERY.total_seconds()):
            break
    with suppress(SQLAlchemyError, CastlineError), store.write() as session:
        forget_process(session, id)


def record(id: str, role: str, store: Store, keyring: Keyring, heartbeat: Heartbeat) -> None:
    """Write the row of a process once."""
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
        heartbeat.failed(error)
        _log.warning("the process row could not be written: %s", error.reason)
    except (CastlineError, SQLAlchemyError) as error:
        heartbeat.failed(error)
        _log.warning("the process row could not be written: %s", type(error).__name__)
    else:
        heartbeat.succeeded()
