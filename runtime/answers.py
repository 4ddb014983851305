"""What Temporal's client answers, in the words of our own errors.

A caller is kept waiting for a bounded time. Whatever cannot be decided in it, because Temporal
or every worker is away, is `Unavailable`: what was asked for may still happen.
"""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import TypeVar

from temporalio.client import WorkflowFailureError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from domain.errors import Unavailable

T = TypeVar("T")

ANSWER_TIMEOUT = timedelta(seconds=20)
"""How long a browser or a caller is kept waiting for a worker's answer."""

START_TIMEOUT = timedelta(seconds=5)
"""How long a caller is kept waiting for Temporal's: what is not started then is started later."""


class Closed(Exception):
    """The workflow has ended, or never was."""


async def started(start: Awaitable[object]) -> None:
    """Start a workflow; one that was started before is left alone. Raises `Unavailable`."""
    try:
        await answered(start, START_TIMEOUT)
    except WorkflowAlreadyStartedError:
        return


async def answered(call: Awaitable[T], within: timedelta = ANSWER_TIMEOUT) -> T:
    """The answer. Raises `Unavailable`, and `Closed` where there is nobody to give one."""
    # The client's own timeout is one of each request: it repeats them for longer, and a long
    # poll for an Update that a worker has accepted without end.
    limit = asyncio.timeout(within.total_seconds())
    try:
        async with limit:
            return await call
    except WorkflowUpdateRPCTimeoutOrCancelledError:
        raise _slow() from None
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise Closed from None
        raise Unavailable(
            "temporal_unavailable", "Temporal cannot be reached. Ask again in a moment."
        ) from None
    except (TimeoutError, RuntimeError, WorkflowFailureError):
        if limit.expired():
            raise _slow() from None
        # A lazy client raises RuntimeError when its first connection fails.
        raise Unavailable(
            "temporal_unavailable", "Temporal cannot be reached. Ask again in a moment."
        ) from None


def _slow() -> Unavailable:
    return Unavailable("temporal_slow", "No answer came in time. It may still happen; ask again.")
