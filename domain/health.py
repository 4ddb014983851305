"""How a connection is, judged by what is known of its clocks.

Pure: time and knowledge in, one verdict out. Only a platform's own word makes a connection
need a person now; a clock can say no more than that it will, and when.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.states import ConnectionHealth, TokenLife

EARLY = timedelta(days=14)
"""How long before its end a connection counts as expiring, at most."""

TESTING_LIFE = timedelta(days=8)
"""A Google grant with an end within this was given by an app whose consent screen is in Testing:
such grants live for seven days (facts: YouTube section 1.4)."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """What time alone does to a connection. All moments are aware, UTC; None is no end."""

    token_life: TokenLife
    token_expires_at: datetime | None = None
    grant_expires_at: datetime | None = None
    """When the whole consent ends, where the platform says so."""
    data_access_ends_at: datetime | None = None


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


def judge(clocks: Clocks, *, connected_at: datetime, now: datetime) -> Health:
    """The health of a connection whose platform has no complaint: healthy or expiring.

    A consent of a few days is expiring in its last third, everything else two weeks ahead; of
    several ends the nearest one counts.
    """
    ends = [
        Health(ConnectionHealth.EXPIRING, reason, until)
        for reason, until in _ends(clocks, connected_at)
        if until is not None and until - now <= min(EARLY, (until - connected_at) / 3)
    ]
    return min(ends, key=lambda end: end.until or now, default=HEALTHY)


def _ends(clocks: Clocks, connected_at: datetime) -> list[tuple[str, datetime | None]]:
    grant = clocks.grant_expires_at
    is_testing = grant is not None and grant - connected_at < TESTING_LIFE
    limited = clocks.token_life is TokenLife.LIMITED
    return [
        ("app_in_testing" if is_testing else "grant_ending", grant),
        ("token_ending", clocks.token_expires_at if limited else None),
        ("data_access_ending", clocks.data_access_ends_at),
    ]
