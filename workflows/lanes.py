"""The lane of a transfer, and the wait for a free transfer of the workspace's share.

A transfer that finds its workspace's share taken has queued its row and ended at once; it is run
again when a signal says that one of the others has ended. The signal may be lost: Reconcile sends
it again, and a timer looks without one. Its pauses grow, so that a queue of days stays short in
history. A transfer whose source is slow is run again on a queue of its own, from its byte.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.contract.assignments import TransferInput, TransferSteps, Uploaded
    from activities.contract.trouble import Kind, Trouble
    from workflows import options
    from workflows.cancelling import is_cancelled
    from workflows.trouble import kind_of, trouble_of

FIRST_PAUSE = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(hours=2)
"""Between two looks that no signal asked for."""


class TransferLane:
    """Runs one assignment's transfer. `place_freed` is what the signal calls."""

    def __init__(self, *, is_slow: bool = False) -> None:
        self.is_slow = is_slow
        self._freed = 0
        """How often a free place was announced."""

    def place_freed(self) -> None:
        self._freed += 1

    async def run(
        self,
        assignment_id: str,
        attempt: int,
        *,
        summary: str,
        begins: Callable[[], None],
        queued: Callable[[Trouble], None],
    ) -> Uploaded:
        """Run the transfer in its lane, and wait for a place where there is none.

        `begins` is called before each run, `queued` before each wait. Raises every other
        `ActivityError` of the transfer, and any of them once it is cancelled.
        """
        looks = 0
        while True:
            freed = self._freed
            begins()
            try:
                return await self._transfer(assignment_id, attempt, summary)
            except ActivityError as error:
                kind = kind_of(error)
                if is_cancelled() or kind not in (Kind.SLOW_SOURCE, Kind.OVER_SHARE):
                    raise
                if kind is Kind.SLOW_SOURCE:
                    self.is_slow = True
                    continue
                trouble = trouble_of(error)
            queued(trouble)
            is_free = await self._wait_for_place(freed, _pause_after(looks))
            looks = 0 if is_free else looks + 1

    def _transfer(self, assignment_id: str, attempt: int, summary: str) -> Awaitable[Uploaded]:
        how: dict[str, Any] = options.SLOW_TRANSFER if self.is_slow else options.TRANSFER
        return workflow.execute_activity_method(
            TransferSteps.transfer,
            TransferInput(assignment_id, attempt, is_slow=self.is_slow),
            summary=summary,
            **how,
        )

    async def _wait_for_place(self, freed: int, pause: timedelta) -> bool:
        """True when a place was announced since `freed` was counted."""
        try:
            await workflow.wait_condition(
                lambda: self._freed > freed, timeout=pause, timeout_summary="waits for a place"
            )
        except TimeoutError:
            return False
        return True


def _pause_after(looks: int) -> timedelta:
    """Doubled by each look without a signal, and spread: many are queued at the same moment."""
    longest = min(FIRST_PAUSE * (1 << min(looks, 9)), LONGEST_PAUSE)
    spread: float = workflow.random().uniform(0.75, 1.25)
    return longest * spread
