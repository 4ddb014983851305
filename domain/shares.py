"""How much of what all workspaces share one workspace may use at a time.

Transfers are counted in the database, for all workers together. Everything else is counted by
each worker process for itself, because its slots are that process's own.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TransferLimits:
    """The share of transfers, and when a source counts as slow."""

    per_workspace: int
    """Transfers of one workspace that move bytes at a time."""
    slow_bytes_per_second: float
    """A source that gives less than this while it is waited for is slow."""
    slow_window: float
    """Seconds of waiting for a source over which its rate is measured."""
    slow_per_workspace: int = 1
    """Transfers from slow sources of one workspace that move bytes at a time."""

    def places(self, *, is_slow: bool) -> int:
        """How many transfers of one workspace a lane holds."""
        return self.slow_per_workspace if is_slow else self.per_workspace


@dataclass(frozen=True, slots=True)
class WorkerShares:
    """Activities of one workspace under way at a time in one worker process."""

    consents: int
    steps: int
    polls: int
    deliveries: int
