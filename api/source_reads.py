"""Requests that read a foreign source have threads of their own, and a share per workspace.

An origin may be silent for as long as a read is waited for. So these requests never run in the
thread pool that serves all others, and of one workspace only a few run at a time. The bounds are
those of one process.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread

from domain.errors import TooManyRequests
from domain.ids import WorkspaceId

RETRY_SECONDS = 5.0
_SOURCES = ("media_url", "source_url", "upload_id")
_ATTACHMENTS = ("thumbnailUrl", "captions")

T = TypeVar("T")


class SourceReads:
    """Runs what reads a source. Used from the event loop only."""

    def __init__(self, *, slots: int, per_workspace: int) -> None:
        self._limiter = CapacityLimiter(slots)
        self._per_workspace = per_workspace
        self._open: Counter[WorkspaceId] = Counter()
        """Those that run or wait for a thread, by workspace."""

    async def run(self, workspace_id: WorkspaceId, call: Callable[[], T]) -> T:
        """Run `call` in a thread and return its result; its errors are raised here.

        Raises `TooManyRequests` (code `too_many_source_reads`), before anything is done, when the
        workspace has its share under way already.
        """
        if self._open[workspace_id] >= self._per_workspace:
            raise TooManyRequests(
                "too_many_source_reads",
                f"{self._per_workspace} requests of this workspace are reading a source now, which "
                "is the limit. Send this one again when one of them is answered.",
                retry_after=RETRY_SECONDS,
            )
        self._open[workspace_id] += 1
        try:
            return await to_thread.run_sync(call, limiter=self._limiter)
        finally:
            self._open[workspace_id] -= 1
            if not self._open[workspace_id]:
                del self._open[workspace_id]


def names_attachment(payload: Mapping[str, Any]) -> bool:
    """True when a payload names a file beside the video, which is read when it is accepted."""
    return any(payload.get(field) for field in _ATTACHMENTS)


def reads_source(given: Mapping[str, Any]) -> bool:
    """True when the fields of a body name a source, or a file beside one."""
    names = any(given.get(field) for field in _SOURCES)
    return names or names_attachment(given.get("payload") or {})
