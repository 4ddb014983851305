"""Cancellation: seen when it was asked for, and kept away from what has to be finished."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from temporalio import workflow

T = TypeVar("T")


def is_cancelled() -> bool:
    """True once it is asked for, whatever the activity under way then ended with."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end; a cancellation that arrives meanwhile changes nothing any more."""
    task = asyncio.create_task(work)
    while True:
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.done():
                raise
            workflow.logger.info("a cancellation came too late to change anything")
