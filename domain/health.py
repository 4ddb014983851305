"""How a connection is, judged by what is known of its clocks.

Pure: time and knowledge in, one verdict out. Only a platform's own word makes a connection
need a person now; a clock can say no more than that it will, and when.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.states import ConnectionHealth, TokenLife

EARLY = timedelta(days=14)
"""How long before its end a connection counts as expiring."""

TESTING_LIFE = timedelta(days=8)
"""A Google grant with an end within this was given by an app whose consent screen is in Testing:
such grants live for seven days (facts: YouTube section 1.4)."""

TESTING_EARLY = timedelta(days=3)
"""The same for such a grant, of which nobody wants to hear in its first days."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """What time alone does to a connection. All moments are aware, UTC; None is no end."""

    token_life: TokenLife
    token_expires_at: datetime | None = None
    grant_expires_at: datetime | None = None
    """When the whole consent ends, where the platform says so."""
    data_access_ends_at: datetime | None = None

    @property
    def end(self) -> datetime | None:
        """When publishing ends unless a person comes; None when time alone does not end it."""
        limited = self.token_life is TokenLife.LIMITED
        ends = (self.grant_expires_at, self.token_expires_at if limited else None)
        return min((end for end in ends if end is not None), default=None)


@dataclass(frozen=True, slots=True)
class Health:
    state: ConnectionHealth
    reason: str | None = None
    """A stable code; a platform's own word where it is one."""
    until: datetime | None = None
    """When one that is expiring will need a person."""

    @property
    def is_broken(self) -> bool:
        """True when only a person helps."""
        return self.state in BROKEN


BROKEN = frozenset({ConnectionHealth.NEEDS_REAUTH, ConnectionHealth.INSUFFICIENT_SCOPE})
HEALTHY = Health(ConnectionHealth.HEALTHY)
UNCONFIRMED = "unconfirmed"
"""The reason of a disconnected connection whose first consent awaits its confirmation."""
SCOPE_MISSING = Health(ConnectionHealth.INSUFFICIENT_SCOPE, "scope_missing")


def judge(
    clocks: Clocks,
    *,
    connected_at: datetime,
    now: datetime,
    missing_scopes: Sequence[str] = (),
) -> Health:
    """The health of a connection whose token the platform has just accepted.

    Without the scopes that publishing needs it is of no use, whatever its clocks say. Of several
    ends the nearest one counts, and before them all the one that ends publishing: an access to
    data that is over (`data_access_ended`) is told only where nothing else is near, because
    publishing may well go on after it.
    """
    if missing_scopes:
        return SCOPE_MISSING
    near = [
        Health(ConnectionHealth.EXPIRING, reason, until)
        for reason, until, early in _ends(clocks, connected_at)
        if until is not None and until - now <= early
    ]
    if near:
        return min(near, key=lambda end: end.until or now)
    data_access = clocks.data_access_ends_at
    if data_access is None or data_access - now > EARLY:
        return HEALTHY
    reason = "data_access_ended" if data_access <= now else "data_access_ending"
    return Health(ConnectionHealth.EXPIRING, reason, data_access)


def is_of_testing(clocks: Clocks, connected_at: datetime) -> bool:
    """True for a grant of an app whose consent screen is still in Testing."""
    grant = clocks.grant_expires_at
    return grant is not None and grant - connected_at < TESTING_LIFE


def _ends(clocks: Clocks, connected_at: datetime) -> list[tuple[str, datetime | None, timedelta]]:
    """What ends publishing: its reason, its moment, and how long before it is told."""
    limited = clocks.token_life is TokenLife.LIMITED
    return [
        ("app_in_testing", clocks.grant_expires_at, TESTING_EARLY)
        if is_of_testing(clocks, connected_at)
        else ("grant_ending", clocks.grant_expires_at, EARLY),
        ("token_ending", clocks.token_expires_at if limited else None, EARLY),
    ]
