"""How activities are called: timeouts, retries and queues, each with its reason."""

from datetime import timedelta
from typing import Any

from temporalio.common import RetryPolicy, SearchAttributeKey
from temporalio.workflow import ActivityCancellationType

from activities.contract.trouble import Kind
from domain.queues import (
    CONSENT_QUEUE,
    DELIVERY_QUEUE,
    POLL_QUEUE,
    SLOW_TRANSFER_QUEUE,
    STEP_QUEUE,
    TRANSFER_QUEUE,
)

_SILENCE = timedelta(seconds=30)
"""What waits for a platform beats all the while; half a minute without is a dead process."""

TRANSFER: dict[str, Any] = {
    "task_queue": TRANSFER_QUEUE,
    # One attempt may last as long as 256 GB on a slow line do.
    "start_to_close_timeout": timedelta(hours=48),
    # How long a killed worker goes unnoticed, so as short as a living one allows. The sender
    # beats every second: while bytes move, while the other side takes none, and while an answer
    # is waited for; the worker hands a beat on every two. What is left is for a stalled disk, a
    # database that is locked for a while and a Temporal that restarts: taking a living sender
    # for dead costs a chunk, and two senders at one session.
    "heartbeat_timeout": timedelta(seconds=30),
    # When they are used up the assignment is parked for a while and goes on, so this bounds how
    # long a trouble stays unseen, not the patience. A worker that ends costs an attempt as well,
    # but is no trouble: see `Parking.bears_interruption`.
    # The pauses stay short, because they follow a worker's end, too: however many have ended
    # before, another one is at it within ten seconds of the heartbeat timeout.
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(seconds=2),
        maximum_interval=timedelta(seconds=8),
        maximum_attempts=6,
        # The workflow waits for a place, or for the time, for as long as it takes.
        non_retryable_error_types=[Kind.OVER_SHARE, Kind.NOT_DUE],
    ),
    # A cancelled transfer is asked for its end: it may have finished in that very moment.
    "cancellation_type": ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
}

SLOW_TRANSFER: dict[str, Any] = {**TRANSFER, "task_queue": SLOW_TRANSFER_QUEUE}

PROCESSING: dict[str, Any] = {
    "task_queue": POLL_QUEUE,
    "start_to_close_timeout": timedelta(minutes=2),
    "heartbeat_timeout": _SILENCE,
    # Platforms process for hours; what is not ready after days never will be.
    "schedule_to_close_timeout": timedelta(days=3),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(seconds=2), maximum_interval=timedelta(minutes=2)
    ),
}

EXTRA_STEP: dict[str, Any] = {
    "task_queue": STEP_QUEUE,
    "start_to_close_timeout": timedelta(minutes=10),
    "heartbeat_timeout": _SILENCE,
    # The video is live by now: a thumbnail that fails for an hour becomes a warning.
    "schedule_to_close_timeout": timedelta(hours=1),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(seconds=2), maximum_interval=timedelta(minutes=5)
    ),
}

DISCARD: dict[str, Any] = {
    # Not behind the transfers: a person who cancels waits for it.
    "task_queue": POLL_QUEUE,
    "start_to_close_timeout": timedelta(minutes=2),
    "heartbeat_timeout": _SILENCE,
    # A video may be there: it is asked for until the platform says.
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(seconds=2), maximum_interval=timedelta(minutes=2)
    ),
}

CONNECT: dict[str, Any] = {
    "task_queue": CONSENT_QUEUE,
    # Longer than the longest answer: of two exchanges of one code both may be worthless.
    "start_to_close_timeout": timedelta(seconds=65),
    "schedule_to_close_timeout": timedelta(minutes=3),
    # A person is looking at a browser: what fails for a quarter of a minute has failed.
    # A refusal for the workspace's share is no failure: the workflow asks again after it.
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(seconds=1),
        maximum_attempts=5,
        non_retryable_error_types=[Kind.OVER_SHARE],
    ),
}

CONNECT_PATIENCE = timedelta(minutes=2)
"""How long a consent waits for its workspace's share: a code is worth nothing after ten."""

RECORD: dict[str, Any] = {
    "start_to_close_timeout": timedelta(seconds=30),
    # Our own database: it comes back, and until then nothing may go on unrecorded.
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=10)
    ),
}

RELEASE: dict[str, Any] = {
    # Thousands are told in seconds; a list that takes longer is begun again with what is left.
    "start_to_close_timeout": timedelta(minutes=10),
    # It beats with every one that was told, and telling one takes no longer than 20 seconds.
    "heartbeat_timeout": _SILENCE,
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1)
    ),
}

DELIVERY: dict[str, Any] = {
    "task_queue": DELIVERY_QUEUE,
    # A minute of sending, the last try of which may take ten seconds, and our own database.
    "start_to_close_timeout": timedelta(minutes=3),
    # It beats before and after every try.
    "heartbeat_timeout": _SILENCE,
    # An endpoint that fails is no failure of the activity; what is retried is our own trouble.
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1)
    ),
}

CARE: dict[str, Any] = {
    # A page of a hundred, eight at a time, of which each has to wait for a platform in trouble.
    "start_to_close_timeout": timedelta(minutes=15),
    # It beats with every look that has ended, and one ends within half a minute.
    "heartbeat_timeout": timedelta(minutes=2),
    # The Schedule comes again every 20 minutes, and what was looked at stays so.
    "retry_policy": RetryPolicy(initial_interval=timedelta(seconds=5), maximum_attempts=3),
}

PATIENCE = timedelta(days=7)
"""How long an assignment waits for one and the same trouble to end."""

WORKSPACE = SearchAttributeKey.for_keyword("CastlineWorkspace")
PLATFORM = SearchAttributeKey.for_keyword("CastlinePlatform")
CONNECTION = SearchAttributeKey.for_keyword("CastlineConnection")
STATE = SearchAttributeKey.for_keyword("CastlineState")
SEARCH_ATTRIBUTES = (WORKSPACE, PLATFORM, CONNECTION, STATE)
"""Never encrypted and always indexed: ids and states only."""
