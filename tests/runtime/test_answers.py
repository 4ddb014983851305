"""How long a caller waits for Temporal."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.client import WorkflowUpdateRPCTimeoutOrCancelledError

from domain.errors import Unavailable
from runtime.answers import answered

SHORT = timedelta(milliseconds=50)


async def test_a_long_poll_that_is_repeated_without_end_is_given_up() -> None:
    with pytest.raises(Unavailable) as caught:
        await answered(asyncio.Event().wait(), SHORT)

    assert caught.value.code == "temporal_slow"


async def test_the_client_may_answer_the_end_of_the_wait_with_an_error_of_its_own() -> None:
    async def poll() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as error:
            raise WorkflowUpdateRPCTimeoutOrCancelledError from error

    with pytest.raises(Unavailable) as caught:
        await answered(poll(), SHORT)

    assert caught.value.code == "temporal_slow"
