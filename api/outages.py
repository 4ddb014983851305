"""What the system under the process refuses, as our own errors; and its line in the log.

The database's errors are not here: the store raises them as ours.
"""

import errno
import logging
import math
from time import monotonic

from domain.errors import CastlineError, DatabaseUnavailable, InsufficientStorage, Unavailable
from store.files import FULL

log = logging.getLogger("castline.api")

LOG_SECONDS = 10.0
"""Between two lines about the same outage: each request meets it."""

_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN})
_UNUSABLE = frozenset({errno.EIO, errno.EROFS, errno.EACCES, errno.EPERM, errno.ESTALE})

_logged: dict[str, float] = {}


def find_outage(error: Exception) -> CastlineError | None:
    """One of our errors for what lacks space, memory or open files; None for any other error."""
    if isinstance(error, MemoryError):
        number: int | None = errno.ENOMEM
    else:
        number = error.errno if isinstance(error, OSError) else None
    if number in FULL:
        return InsufficientStorage(
            "disk_full",
            "A disk of Castline is full. The operator has to free space; then send the request "
            "again.",
        )
    if number in _EXHAUSTED:
        return Unavailable(
            "resources_exhausted",
            "Castline has no memory, files or processes left. Send the request again in a moment.",
        )
    if number in _UNUSABLE:
        return Unavailable(
            "storage_failed",
            "A disk of Castline cannot be used. Send the request again; if it lasts, the operator "
            "has to look at it.",
        )
    return None


def log_outage(error: CastlineError) -> None:
    """Write what the operator needs to know, unless the same outage was written just now."""
    if not isinstance(error, DatabaseUnavailable | InsufficientStorage):
        return
    now = monotonic()
    if now - _logged.get(error.code, -math.inf) < LOG_SECONDS:
        return
    _logged[error.code] = now
    reason = error.reason if isinstance(error, DatabaseUnavailable) else error.sentence
    log.error("%s: %s", error.code, reason)
