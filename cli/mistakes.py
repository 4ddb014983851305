"""An error that ends a command, as what its user reads: what is wrong, and what to do.

What an operator can cause is a sentence. What is left is a mistake of ours: one line, and a file
with the places where it happened. The messages of such errors are not kept, because a library may
have put a secret into them; `CASTLINE_TRACEBACK=1` shows everything.
"""

import os
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path

from cli.output import ERROR_PREFIX
from cli.usage import find_undecoded
from domain.errors import CastlineError, DatabaseUnavailable

FAILED = 1
WRONG_SETTINGS = 2


def explain_error(error: BaseException) -> tuple[int, str]:
    """The exit code, and the text for standard error."""
    causes = list(_leaves(error))
    for cause in causes:
        if (sentence := _sentence_of(cause)) is not None:
            is_settings = isinstance(cause, CastlineError) and cause.code == "settings_refused"
            return WRONG_SETTINGS if is_settings else FAILED, f"{ERROR_PREFIX}{sentence}\n"
    if os.environ.get("CASTLINE_TRACEBACK") == "1":
        return FAILED, "".join(traceback.format_exception(error))
    first = causes[0]
    return FAILED, (
        f"{ERROR_PREFIX}An unexpected error, {type(first).__name__}{_place_of(first)}. "
        f"{_details_of(error)}\n"
    )


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """The errors of a group, or the one error."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _sentence_of(error: BaseException) -> str | None:
    if isinstance(error, DatabaseUnavailable):
        return error.reason
    if isinstance(error, CastlineError):
        return error.sentence
    undecoded = (
        find_undecoded(sys.argv, error.object) if isinstance(error, UnicodeEncodeError) else None
    )
    if undecoded is not None:
        return f"{undecoded} is no text in this terminal's encoding."
    if isinstance(error, OSError):
        from store.files import explain

        return explain(error)
    if "temporalio.service" in sys.modules:  # otherwise it is none of Temporal's, and not loaded
        from temporalio.service import RPCError

        if isinstance(error, RPCError):
            return _of_temporal(error.message)
    return None


def _of_temporal(message: str) -> str:
    line = message.strip().partition("\n")[0].rstrip(".")
    return (
        f"Temporal answers: {line}. Check CASTLINE_TEMPORAL_ADDRESS and "
        "CASTLINE_TEMPORAL_NAMESPACE (or TEMPORAL_ADDRESS and the like), and that the namespace "
        "is there."
    )


def _place_of(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""


def _details_of(error: BaseException) -> str:
    """Where the details are: in a file of this user's own, if one can be written."""
    again = "Run it again with CASTLINE_TRACEBACK=1 to see the traceback."
    try:
        fd, name = tempfile.mkstemp(prefix="castline-error-", suffix=".txt")
        with os.fdopen(fd, "w") as file:
            file.write("\n".join(frame for leaf in _leaves(error) for frame in _frames_of(leaf)))
    except OSError:
        return again
    return f"{Path(name)} says where. {again}"


def _frames_of(error: BaseException) -> Iterator[str]:
    """The places of an error and of those that it came from, without their messages."""
    seen: BaseException | None = error
    while seen is not None:
        yield f"{type(seen).__module__}.{type(seen).__name__}"
        yield from (line.rstrip() for line in traceback.format_tb(seen.__traceback__))
        seen = seen.__cause__ or seen.__context__
