"""Each workspace's share of a queue's slots, in one worker process.

Temporal's fairness keys order what waits in a queue; what is under way they do not bound. So an
activity over its workspace's share is refused before it begins: it takes no thread, and Temporal
tries it again after a while. The workspace is the fairness key that the activity has from its
workflow; work of no workspace has none, and no share.
"""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from activities.failures import over_share

LONGEST_PAUSE = 60.0
"""Seconds. A thousand refused activities are then some seventeen tries a second."""


class Shares:
    """Counts what is under way by workspace. For one event loop: it is not thread-safe."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._under_way: Counter[str] = Counter()

    @contextmanager
    def held(self, workspace_id: str) -> Iterator[bool]:
        """Hold one of the workspace's slots. False: all are taken, and nothing is held."""
        if self._under_way[workspace_id] >= self._most:
            yield False
            return
        self._under_way[workspace_id] += 1
        try:
            yield True
        finally:
            self._under_way[workspace_id] -= 1
            if not self._under_way[workspace_id]:
                del self._under_way[workspace_id]


class ShareInterceptor(Interceptor):
    """Refuses what is over the workspace's share, with a pause that grows with the tries.

    `what` names the work in the plural. The refusal is an ApplicationError of `Kind.OVER_SHARE`.
    """

    def __init__(self, what: str, most: int) -> None:
        self._what = what
        self._shares = Shares(most)

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Gate(next, self._what, self._shares)


class _Gate(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, what: str, shares: Shares) -> None:
        super().__init__(next)
        self._what = what
        self._shares = shares

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        info = activity.info()
        workspace_id = info.priority.fairness_key
        if not workspace_id:
            return await super().execute_activity(input)
        with self._shares.held(workspace_id) as is_held:
            if not is_held:
                raise over_share(self._what, again_in=pause_after(info.attempt))
            return await super().execute_activity(input)


def pause_after(tries: int) -> timedelta:
    """How long an activity is put off. Those refused together do not return together."""
    seconds = min(LONGEST_PAUSE, 1.0 * 2 ** min(tries - 1, 6))
    return timedelta(seconds=seconds * random.uniform(0.5, 1.0))  # noqa: S311
