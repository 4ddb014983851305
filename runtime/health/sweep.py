"""Whether rows and workflows are compared as often as they should be."""

from datetime import timedelta

from runtime.health.finding import Finding, ok, warning
from store.engine import Store
from store.queries import sweeps
from store.tables import Sweep, now

LATE_SWEEPS = 4
LATE_AT_LEAST = timedelta(minutes=3)
"""A sweep that starts thousands of workflows takes longer than the pause between two."""

_REMEDY = "Look into the logs of the workers for `the sweep failed`."


def check_sweep(store: Store, every_seconds: float) -> Finding:
    """When the latest sweep ended, and what it left undone. Raises what the store raises."""
    with store.read() as session:
        row = sweeps.find_sweep(session, sweeps.RECONCILE)
    if row is None or row.finished_at is None:
        return warning("sweep", "none has ended yet", "Start a worker: castline worker")
    age = now() - row.finished_at
    figures = {"ageSeconds": round(age.total_seconds()), "error": row.error, **row.counts}
    fact = f"the latest ended {age.total_seconds():.0f} s ago{_of(row)}"
    if age > max(LATE_SWEEPS * timedelta(seconds=every_seconds), LATE_AT_LEAST):
        return warning("sweep", fact, _REMEDY, **figures)
    if row.error is not None:
        return warning("sweep", f"{fact}, and left something undone ({row.error})", _REMEDY)
    return ok("sweep", fact, **figures)


def _of(row: Sweep) -> str:
    done = ", ".join(f"{count} {name}" for name, count in row.counts.items() if count)
    return f" ({done})" if done else ""
