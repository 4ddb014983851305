"""How long a history may become: a workflow goes on in another run before Temporal ends it."""

from temporalio import workflow

MAX_EVENTS = 10_000
MAX_BYTES = 8 << 20
"""A fifth of the server's limits, 51,200 events and 50 MiB, where it suggests nothing earlier."""


def is_long() -> bool:
    """True when the workflow should continue as new."""
    info = workflow.info()
    return (
        info.is_continue_as_new_suggested()
        or info.get_current_history_length() >= MAX_EVENTS
        or info.get_current_history_size() >= MAX_BYTES
    )


def may_continue() -> bool:
    """True when it should, and can: no Update or Signal is being handled, which would be lost."""
    return is_long() and workflow.all_handlers_finished()
