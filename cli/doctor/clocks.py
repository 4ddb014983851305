"""How far another machine's clock is from this one's."""

from datetime import datetime, timedelta

from runtime.health.finding import Finding, failed, ok, warning

WARN_SECONDS = 5.0
"""Leases and the rows of running processes are compared across machines; they last 30 s."""
FAIL_SECONDS = 60.0

_REMEDY = "Set the clocks of both machines by NTP."


def judge_clock(
    subject: str,
    theirs: datetime,
    *,
    before: datetime,
    after: datetime,
    resolution: timedelta = timedelta(0),
) -> Finding:
    """A clock that was read between two readings of ours; a slow answer is no skew."""
    if theirs < before - resolution:
        skew = (theirs - before).total_seconds()
    else:
        skew = max(0.0, (theirs - after).total_seconds())
    fact = f"is {abs(skew):.0f} s {'behind' if skew < 0 else 'ahead of'} ours"
    if abs(skew) > FAIL_SECONDS:
        return failed(subject, fact, _REMEDY, skewSeconds=round(skew, 1))
    if abs(skew) > WARN_SECONDS:
        return warning(subject, fact, _REMEDY, skewSeconds=round(skew, 1))
    return ok(subject, "agrees with ours", skewSeconds=round(skew, 1))
