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

START_SECONDS = 5.0
"""How long a caller is kept waiting for Temporal's: what is not started then is started later."""


class Closed(Exception):
    """The workflow has ended, or never was."""


async def started(start: Awaitable[object]) -> None:
    """Start a workflow; one that was started before is left alone. Raises `Unavailable`."""
    try:
        # Temporal's client alone would insist for longer than a caller waits.
        await answered(asyncio.wait_for(start, START_SECONDS))
    except WorkflowAlreadyStartedError:
        return


async def answered(call: Awaitable[T]) -> T:
    """The answer. Raises `Unavailable`, and `Closed` where there is nobody to give one."""
    try:
        return await call
    except WorkflowUpdateRPCTimeoutOrCancelledError:
        raise Unavailable(
            "temporal_slow", "No worker answered in time. It may still happen; ask again."
        ) from None
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise Closed from None
        raise Unavailable(
            "temporal_unavailable", "Temporal cannot be reached. Ask again in a moment."
        ) from None
    except (TimeoutError, RuntimeError, WorkflowFailureError):
        # A lazy client raises RuntimeError when its first connection fails.
        raise Unavailable(
            "temporal_unavailable", "Temporal cannot be reached. Ask again in a moment."
        ) from None
