"""How much of Meta's budgets is used, as its answers tell, and when to stay away.

Meta adds percentages to its answers (facts: Facebook section 4) and refuses calls at a
hundred; a call made then prolongs the refusal. So a budget that is nearly empty is left
alone for some minutes, then one call finds out how it stands. What is known is kept in
memory, by process: another process learns the same from its own first answer.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

from domain.errors import QuotaExhausted
from platforms.transfer.machine import Answer

APP = "app"
"""The budget of calls with a person's or the app's own token."""
THRESHOLD = 90.0
"""Percent. From here on Castline stays away of its own accord."""
HOLD = timedelta(minutes=5)
"""How long a high reading is believed where Meta names no time itself."""
TRIAL = timedelta(seconds=30)
"""How long the others wait for what the one trial call hears."""

_LONGEST = timedelta(days=1)
_SHARES = ("call_count", "total_time", "total_cputime")


@dataclass(frozen=True, slots=True)
class Reading:
    """What the usage headers of one answer say."""

    percent: float
    """The fullest of the budgets; 0 when no header is there, as Meta leaves them out then."""
    regains_in: timedelta
    """How long Meta says it will refuse; 0 when it does not."""


class Usage:
    """The budgets that are nearly used up: each Page's, and `APP`. Thread-safe.

    None as a budget is one that nobody minds: nothing is held, nothing is learned.
    """

    def __init__(self) -> None:
        self._until: dict[str | None, datetime] = {}
        self._lock = Lock()

    def check(self, budget: str | None, now: datetime | None = None) -> None:
        """Raise `QuotaExhausted` (code `rate_limited`) while the budget is to be left alone.

        When the time is over the first caller may pass, to try; the others wait for it.
        """
        now = now or datetime.now(UTC)
        with self._lock:
            until = self._until.get(budget)
            if until is None:
                return
            if until <= now:
                self._until[budget] = now + TRIAL
                return
        raise QuotaExhausted(
            "rate_limited",
            "The calls that Meta allows are nearly used up: Castline waits by itself.",
            until=until,
        )

    def note(self, budget: str | None, answer: Answer, now: datetime | None = None) -> None:
        """Take in what an answer of the Graph API says of the budget. Never fails."""
        now = now or datetime.now(UTC)
        reading = read_usage(answer, budget)
        if reading.percent >= THRESHOLD or reading.regains_in:
            self.hold(budget, now + (reading.regains_in or HOLD))
        elif answer.status < 400:
            with self._lock:
                self._until.pop(budget, None)

    def hold(self, budget: str | None, until: datetime) -> None:
        """Leave the budget alone until then."""
        if budget is None:
            return
        with self._lock:
            self._until[budget] = until


def read_usage(answer: Answer, budget: str | None) -> Reading:
    """Read what the headers say of one budget; any may be absent or malformed. Pure.

    Of a Page its own entries count and not those of other Pages or of advertising, and the
    app's header does not: where both are there the Page's rules (facts: Facebook section 4).
    """
    percent, regains_in = 0.0, timedelta()
    for part in _parts(answer, budget):
        percent = max([percent, *(_number(part.get(share)) for share in _SHARES)])
        minutes = _number(part.get("estimated_time_to_regain_access"))
        regains_in = max(regains_in, timedelta(minutes=minutes))
    return Reading(percent, min(regains_in, _LONGEST))


def read_wait(answer: Answer) -> timedelta:
    """How long Meta says it will refuse, whatever it is that it refuses. Pure."""
    told = _told(answer, "x-business-use-case-usage")
    ids = told if isinstance(told, dict) else {}
    return max((read_usage(answer, id).regains_in for id in ids), default=timedelta())


def _parts(answer: Answer, budget: str | None) -> Iterator[dict[str, Any]]:
    if budget == APP:
        entries = [_told(answer, "x-app-usage")]
    else:
        told = _told(answer, "x-business-use-case-usage")
        own = told.get(budget) if isinstance(told, dict) else None
        cases = own if isinstance(own, list) else []
        entries = [_told(answer, "x-page-usage"), *(case for case in cases if _is_pages(case))]
    yield from (entry for entry in entries if isinstance(entry, dict))


def _is_pages(case: Any) -> bool:
    return isinstance(case, dict) and case.get("type", "pages") == "pages"


def _told(answer: Answer, name: str) -> Any:
    try:
        return json.loads(answer.headers.get(name, "null"))
    except (ValueError, RecursionError):
        return None


def _number(value: Any) -> float:
    """A count of percent or minutes; 0 for anything else."""
    sound = isinstance(value, int | float) and 0 <= value < 1e6
    return float(value) if sound else 0.0
