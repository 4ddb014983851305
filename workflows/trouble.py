"""Reading what an activity's failure says: the other end of `activities/failures.py`."""

from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, TimeoutError, TimeoutType

with workflow.unsafe.imports_passed_through():
    from activities.contract.trouble import Kind, Trouble
    from domain.errors import Remedy

_KINDS = frozenset(Kind)

SUPERSEDED = "superseded"
"""The code that a run gets which is not of the row's current attempt, or too late for it."""


class Failed(Exception):
    """A trouble that nothing but a changed request ends."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.sentence)
        self.trouble = trouble


WORKER_SHUTDOWN = "WorkerShutdown"
"""The SDK's type for an activity that had not ended when its worker's grace was over."""


def kind_of(error: ActivityError) -> Kind:
    """What is to be done. A timeout or a failure of no kind of ours is transient."""
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.type in _KINDS:
        return Kind(cause.type)
    return Kind.TRANSIENT


def is_interruption(error: ActivityError) -> bool:
    """True where the worker ended, by a signal or without one, and not what it worked on."""
    cause = error.cause
    if isinstance(cause, TimeoutError):
        return cause.type is TimeoutType.HEARTBEAT
    return isinstance(cause, ApplicationError) and cause.type in (Kind.INTERRUPTED, WORKER_SHUTDOWN)


def trouble_of(error: ActivityError) -> Trouble:
    """The activity's own account of its trouble, or ours where it left none."""
    cause = error.cause
    if is_interruption(error):
        return Trouble(
            "workers_end",
            "Every worker that took it up has ended. The logs of the workers say why.",
            Remedy.OPERATOR,
        )
    if not isinstance(cause, ApplicationError):
        return Trouble("timed_out", "It took longer than it may take.", Remedy.WAIT)
    if not cause.details:
        return Trouble("internal", cause.message, Remedy.OPERATOR)
    # A failure's details carry no type hint, so a dataclass comes back as a dict.
    detail = cause.details[0]
    until = detail["until"]
    return Trouble(
        code=detail["code"],
        sentence=detail["sentence"],
        remedy=detail["remedy"],
        until=None if until is None else datetime.fromisoformat(until),
    )
