"""Standing still: for what, until when, and for how long at most.

A trouble that passes by itself, or by what a person does elsewhere, parks the assignment
instead of failing it. Where time helps, each look that finds the same reason again lengthens
the pause, and a week of one and the same reason is the end. Where a person must authorize the
connection again, one pause lasts until they have, until the limit, or until the connection is
disconnected; nobody looks in between, because whoever settles the connection says so.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.contract.trouble import Kind, Trouble
    from domain.errors import Remedy
    from domain.states import AssignmentState, WaitReason
    from workflows.options import PATIENCE
    from workflows.trouble import Failed

_REASONS = {
    Kind.NEEDS_CONNECTION: WaitReason.CONNECTION,
    Kind.NEEDS_QUOTA: WaitReason.QUOTA,
}
"""Every other kind is the platform's, our line to it, or our settings there."""

_DISCONNECTED = Trouble(
    "disconnected",
    "The connection was disconnected before this was done. What the platform has stays there, and "
    "what became of it cannot be asked any more.",
    Remedy.RECONNECT,
)


@dataclass(frozen=True)
class Stand:
    """One standstill, as it is told and waited out."""

    state: AssignmentState
    reason: WaitReason
    until: datetime
    trouble: Trouble


class Parking:
    """Decides each standstill and remembers how long the same reason has lasted.

    A connection is waited for as long as `limit` says, everything else for a week.
    """

    def __init__(self, limit: timedelta) -> None:
        self.recoveries = 0
        """How often the connection has been re-authorized."""
        self._is_gone = False
        self._limit = limit
        self.forget()

    def forget(self) -> None:
        """The step that was held up is done: the next trouble is a new story."""
        self._reason: WaitReason | None = None
        self._since = workflow.now()
        self._times = 0

    def recover(self) -> None:
        """The connection was authorized again: its next trouble is a new story, too."""
        self.recoveries += 1
        if self._reason is WaitReason.CONNECTION:
            self.forget()

    def let_go(self) -> None:
        """The connection was disconnected: this standstill is over. The next one knows nothing
        of it, because somebody may have authorized the connection in between."""
        self._is_gone = True

    def stand(self, kind: Kind, trouble: Trouble) -> Stand:
        """The standstill that a trouble brings. Raises `Failed` where waiting does not help."""
        reason = _REASONS.get(kind, WaitReason.PLATFORM)
        self._is_gone = False
        if self._reason is not reason:
            self._reason, self._since, self._times = reason, workflow.now(), 0
        self._times += 1
        if kind is Kind.REFUSED:
            raise Failed(trouble)
        if reason is WaitReason.CONNECTION:
            return self._for_connection(trouble)
        if workflow.now() - self._since > PATIENCE:
            raise Failed(trouble)
        return Stand(
            AssignmentState.UNCONFIRMED if kind is Kind.UNCONFIRMED else AssignmentState.WAITING,
            reason,
            trouble.until or workflow.now() + self._next_look(),
            trouble,
        )

    async def wait_out(self, stand: Stand, recoveries: int) -> bool:
        """Return when it is time to look again; True when a person has come.

        `recoveries` is the count from before the step that failed: a re-authorization that
        crossed its failure has happened already and is not waited for. Raises `Failed` (code
        `disconnected`) when nobody will come any more.
        """
        waits_for_person = stand.reason is WaitReason.CONNECTION

        def is_settled() -> bool:
            return waits_for_person and (self.recoveries > recoveries or self._is_gone)

        await pause_until(
            stand.until, f"waits for {stand.reason}: {stand.trouble.code}", is_settled
        )
        has_come = waits_for_person and self.recoveries > recoveries
        if is_settled() and not has_come:
            raise Failed(_DISCONNECTED)
        return has_come

    def _for_connection(self, trouble: Trouble) -> Stand:
        until = self._since + self._limit
        if workflow.now() >= until:
            days = f"{self._limit / timedelta(days=1):g}"
            raise Failed(
                Trouble(
                    "not_reconnected",
                    f"Nobody authorized the connection again within {days} days. "
                    "Reconnect it and retry.",
                    Remedy.RECONNECT,
                )
            )
        return Stand(AssignmentState.WAITING, WaitReason.CONNECTION, until, trouble)

    def _next_look(self) -> timedelta:
        return timedelta(minutes=min(2 ** min(self._times - 1, 4), 15))


async def pause_until(until: datetime, summary: str, ended: Callable[[], bool]) -> None:
    """A durable timer that `ended` may cut short."""
    timeout = max(until - workflow.now(), timedelta(0))
    try:
        await workflow.wait_condition(ended, timeout=timeout, timeout_summary=summary)
    except TimeoutError:
        return
