"""Looking after connections that are due, a page at a time.

One look is one refresh through the keeper of credentials: it keeps the grant from disuse and has
the platform say how everything stands. What the platform said is written down by the keeper; here
it is only decided when to look again. A look that told nothing costs no connection its health and
the others nothing but their turn, because it is put off, each time for longer.
"""

import logging
import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial

from temporalio import activity

from activities.access.credentials import CredentialKeeper
from activities.contract.care import Cared, CareSteps
from activities.failures import translated
from domain.care import check_after_blip, next_check
from domain.errors import (
    CastlineError,
    PlatformMisconfigured,
    ReauthorizationNeeded,
)
from domain.health import BROKEN, is_of_testing
from domain.states import ConnectionHealth
from store.engine import Store
from store.queries.access import care
from store.queries.access.connections import clocks_of, lock_connection

PAGE = 100
"""Connections that one activity looks at."""

MADE_DUE = 1000
"""Rows of one short transaction."""

CLAIM = timedelta(minutes=5)
"""How long a look may last before another sweep makes it: it was cut off by then."""

AT_ONCE = 8
"""Looks at a time: gentle to the platforms, and a page of outages still ends in minutes."""

_log = logging.getLogger("castline.care")


class CareActivities(CareSteps):
    """`every`: how long after a look the next one comes."""

    def __init__(self, store: Store, keeper: CredentialKeeper, *, every: timedelta) -> None:
        self._store = store
        self._keeper = keeper
        self._every = every

    @activity.defn
    @translated
    def make_due(self, moment: datetime) -> int:
        changed, last = 0, ""
        while True:
            with self._store.write() as session:
                page = care.make_due(session, moment, after=last, limit=MADE_DUE)
            if not page:
                return changed
            changed, last = changed + len(page), page[-1]
            activity.heartbeat()

    @activity.defn
    @translated
    def care_for_due(self, due_by: datetime) -> Cared:
        with self._store.read() as session:
            page = care.list_due(session, by=due_by, limit=PAGE)
        found = Cared()
        with ThreadPoolExecutor(AT_ONCE, "care") as pool:
            for one in pool.map(partial(self._check, due_by), page):
                found += one
                activity.heartbeat()
        return found

    def _check(self, due_by: datetime, connection_id: str) -> Cared:
        # A clock that is behind Temporal's must not make it due again within the sweep.
        moment = max(datetime.now(UTC), due_by)
        try:
            with self._store.write() as session:
                if not care.claim(session, connection_id, due_by=due_by, until=moment + CLAIM):
                    return Cared(elsewhere=1)
            with suppress(ReauthorizationNeeded):  # written down where it was said
                self._keeper.check(connection_id)
            return self._note(connection_id, moment)
        except PlatformMisconfigured:
            self._postpone(connection_id, moment)
            return Cared(postponed=1, unserved=1)
        except CastlineError as error:
            _log.info("connection %s is checked later: %s", connection_id, error.code)
        except Exception as error:
            # The class, not the message: a library may have put a token into it.
            name = type(error).__name__
            _log.error("connection %s could not be checked: unexpected %s", connection_id, name)
        self._postpone(connection_id, moment)
        return Cared(postponed=1)

    def _note(self, connection_id: str, moment: datetime) -> Cared:
        with self._store.write() as session:
            connection = lock_connection(session, connection_id)
            clocks = clocks_of(connection)
            due_at = next_check(clocks.end, now=moment, every=self._every, luck=_luck())
            care.note_checked(session, connection_id, due_at=due_at)
        health = ConnectionHealth(connection.health)
        return Cared(
            checked=1,
            expiring=int(health is ConnectionHealth.EXPIRING),
            broken=int(health in BROKEN),
            in_testing=int(is_of_testing(clocks, connection.connected_at)),
        )

    def _postpone(self, connection_id: str, moment: datetime) -> None:
        with self._store.write() as session:
            failures = lock_connection(session, connection_id).failed_checks + 1
            due_at = check_after_blip(failures, now=moment, every=self._every, luck=_luck())
            care.note_blip(session, connection_id, due_at=due_at)


def _luck() -> float:
    return random.uniform(-1, 1)  # noqa: S311 - it spreads looks, and guards nothing
