"""Within what time a dead worker is noticed, and what is tried until it is done."""

from datetime import timedelta
from typing import Any

import pytest

from workflows import options


@pytest.mark.parametrize(
    "call",
    [
        options.TRANSFER,
        options.SLOW_TRANSFER,
        options.PROCESSING,
        options.EXTRA_STEP,
        options.DISCARD,
        options.RELEASE,
        options.DELIVERY,
    ],
)
def test_a_worker_that_died_over_an_activity_is_noticed_within_half_a_minute(
    call: dict[str, Any],
) -> None:
    assert call["heartbeat_timeout"] <= timedelta(seconds=30)


@pytest.mark.parametrize(
    "call", [options.PROCESSING, options.DISCARD, options.RECORD, options.RELEASE, options.DELIVERY]
)
def test_what_only_a_moment_hinders_has_no_last_try(call: dict[str, Any]) -> None:
    # A workflow that cannot write its end would end without it, and its row never.
    assert call["retry_policy"].maximum_attempts == 0


def test_a_taken_place_is_waited_for_by_the_workflow_and_not_by_temporal() -> None:
    for call in (options.TRANSFER, options.CONNECT):
        assert "over_share" in call["retry_policy"].non_retryable_error_types
