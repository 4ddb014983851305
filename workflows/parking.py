"""Standing still: for what, until when, and for how long at most.

A trouble that passes by itself, or by what a person does elsewhere, parks the assignment
instead of failing it. Where time helps, each look that finds the same reason again lengthens
the pause, and a week of one and the same reason is the end. A source has a limit of its own, and
is tried at once when its address was replaced. An unclear outcome is looked at ever
more seldom, for its answer comes in minutes or in days, and a person may cut that short. Where a
person must authorize the connection again, one pause lasts until they have, until the limit, or
until the connection is disconnected; nobody looks in between, because whoever settles the
connection says so.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.contract.progress import ParkingMemory, Stand
    from activities.contract.trouble import Kind, Trouble
    from domain.errors import Remedy
    from domain.states import AssignmentState, WaitReason
    from workflows.history import may_continue
    from workflows.options import PATIENCE
    from workflows.trouble import Failed

_REASONS = {
    Kind.NEEDS_CONNECTION: WaitReason.CONNECTION,
    Kind.NEEDS_QUOTA: WaitReason.QUOTA,
    Kind.NEEDS_SOURCE: WaitReason.SOURCE,
}
"""Every other kind is the platform's, our line to it, or our settings there. `OVER_SHARE` and
`SLOW_SOURCE` do not come here: see `workflows.lanes`."""

_ACCIDENTS = 3
"""So often a step is begun again after all its tries were cut off by the end of a worker: a day
of deployments is no trouble. Beyond it may be the work itself that ends them."""

_LONGEST_PAUSE = timedelta(minutes=15)
_LONGEST_DOUBT = timedelta(hours=6)
"""Between two looks at an unclear outcome: some sixteen of them in the two days after which the
uploads have proved that there is no video. Each costs the platform's budget."""

_DISCONNECTED = Trouble(
    "disconnected",
    "The connection was disconnected before this was done. What the platform has stays there, and "
    "what became of it cannot be asked any more.",
    Remedy.RECONNECT,
)


@dataclass(frozen=True)
class Calls:
    """What people have done for an assignment so far, counted."""

    recoveries: int = 0
    """The connection was re-authorized."""
    orders: int = 0
    """The reading of what is unconfirmed was ended."""
    replacements: int = 0
    """The address of the source was replaced."""


class WaitInterrupted(Exception):
    """The wait is not over, but the history has grown long."""


class Parking:
    """Decides each standstill and remembers how long the same reason has lasted.

    A connection is waited for as long as `limit` says, a source as long as `source_limit` does,
    everything else for a week.
    """

    def __init__(self, limit: timedelta, source_limit: timedelta) -> None:
        self.calls = Calls()
        self.is_still = False
        """True while it is waited."""
        self._is_gone = False
        self._limit = limit
        self._source_limit = source_limit
        self._transfer_began_at = workflow.now()
        self.forget()

    def forget(self) -> None:
        """The step that was held up is done: the next trouble is a new story."""
        self._reason: WaitReason | None = None
        self._since = workflow.now()
        self._times = 0
        self._interruptions = 0

    def remember(self) -> ParkingMemory:
        return ParkingMemory(self._reason, self._since, self._times, self._interruptions)

    def recall(self, memory: ParkingMemory) -> None:
        """Go on with the trouble of the run before."""
        self._reason, self._since = memory.reason, memory.since
        self._times, self._interruptions = memory.times, memory.interruptions

    def recover(self) -> None:
        """The connection was authorized again: its next trouble is a new story, too."""
        self.calls = replace(self.calls, recoveries=self.calls.recoveries + 1)
        if self._reason is WaitReason.CONNECTION:
            self.forget()

    def take_order(self) -> None:
        """A person ended the reading: what comes next is a new story."""
        self.calls = replace(self.calls, orders=self.calls.orders + 1)
        if self._reason is WaitReason.PLATFORM:
            self.forget()

    def replace_source(self) -> None:
        """The source has another address: its next trouble is a new story, too."""
        self.calls = replace(self.calls, replacements=self.calls.replacements + 1)
        if self._reason is WaitReason.SOURCE:
            self.forget()

    def begin_transfer(self) -> None:
        """A transfer begins."""
        self._transfer_began_at = workflow.now()

    def let_go(self) -> None:
        """The connection was disconnected: this standstill is over. The next one knows nothing
        of it, because somebody may have authorized the connection in between."""
        self._is_gone = True

    def bears_interruption(self) -> bool:
        """Count one; True while the step may go on at once."""
        self._interruptions += 1
        return self._interruptions <= _ACCIDENTS

    def stand(self, kind: Kind, trouble: Trouble) -> Stand:
        """The standstill that a trouble brings. Raises `Failed` where waiting does not help."""
        reason = _REASONS.get(kind, WaitReason.PLATFORM)
        self._is_gone = False
        if self._reason is not reason or (reason is WaitReason.SOURCE and self._bytes_moved()):
            self._reason, self._since, self._times = reason, workflow.now(), 0
        self._times += 1
        if kind is Kind.REFUSED:
            raise Failed(trouble)
        if reason is WaitReason.CONNECTION:
            return self._for_connection(trouble)
        if reason is WaitReason.SOURCE:
            return self._for_source(trouble)
        if workflow.now() - self._since > PATIENCE:
            raise Failed(trouble)
        is_unclear = kind is Kind.UNCONFIRMED
        return Stand(
            AssignmentState.UNCONFIRMED if is_unclear else AssignmentState.WAITING,
            reason,
            trouble.until or workflow.now() + pause_after(self._times, is_unclear=is_unclear),
            trouble,
            since=self._since,
            looks=self._times,
        )

    async def wait_out(self, stand: Stand, calls: Calls) -> bool:
        """Return when it is time to look again; True when a person has come.

        `calls` are from before the step that failed: what crossed its failure has happened
        already and is not waited for. Raises `Failed` (code `disconnected`) when nobody will
        come any more, and `WaitInterrupted` when the workflow has to continue as new.
        """
        waits_for_person = stand.reason is WaitReason.CONNECTION
        waits_for_source = stand.reason is WaitReason.SOURCE
        is_unclear = stand.state is AssignmentState.UNCONFIRMED

        def has_come() -> bool:
            return waits_for_person and self.calls.recoveries > calls.recoveries

        def is_in_vain() -> bool:
            # Both may come with one workflow task, and then the connection is well again.
            return waits_for_person and self._is_gone and not has_come()

        def is_ordered() -> bool:
            return is_unclear and self.calls.orders > calls.orders

        def is_replaced() -> bool:
            return waits_for_source and self.calls.replacements > calls.replacements

        def is_over() -> bool:
            return has_come() or is_in_vain() or is_ordered() or is_replaced()

        self.is_still = True
        try:
            await pause_until(
                stand.until,
                f"waits for {stand.reason}: {stand.trouble.code}",
                lambda: is_over() or may_continue(),
            )
        finally:
            self.is_still = False
        if is_in_vain():
            raise Failed(_DISCONNECTED)
        if not is_over() and workflow.now() < stand.until:
            raise WaitInterrupted
        return has_come()

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
        return Stand(
            AssignmentState.WAITING,
            WaitReason.CONNECTION,
            until,
            trouble,
            since=self._since,
            looks=self._times,
        )

    def _for_source(self, trouble: Trouble) -> Stand:
        deadline = self._since + self._source_limit
        if workflow.now() >= deadline:
            hours = f"{self._source_limit / timedelta(hours=1):g}"
            tried = f"{trouble.sentence} It was tried again for {hours} hours."
            raise Failed(replace(trouble, sentence=tried))
        until = min(workflow.now() + pause_after(self._times, is_unclear=False), deadline)
        told = f"{trouble.sentence} It is tried again until {deadline:%d %B %Y, %H:%M} UTC."
        return Stand(
            AssignmentState.WAITING,
            WaitReason.SOURCE,
            until,
            replace(trouble, sentence=told),
            since=self._since,
            looks=self._times,
        )

    def _bytes_moved(self) -> bool:
        """True where the last transfer ran for longer than all its tries of a dead source last."""
        return workflow.now() - self._transfer_began_at > _LONGEST_PAUSE


def pause_after(looks: int, *, is_unclear: bool) -> timedelta:
    """How long the platform is left alone after so many looks in a row. Pure."""
    longest = _LONGEST_DOUBT if is_unclear else _LONGEST_PAUSE
    # Bounded before it is doubled: a week of looks would overflow.
    return min(timedelta(minutes=1 << min(looks - 1, 9)), longest)


async def pause_until(until: datetime, summary: str, ended: Callable[[], bool]) -> None:
    """A durable timer that `ended` may cut short."""
    timeout = max(until - workflow.now(), timedelta(0))
    try:
        await workflow.wait_condition(ended, timeout=timeout, timeout_summary=summary)
    except TimeoutError:
        return
