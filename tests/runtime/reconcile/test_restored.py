"""After a restore the histories count as read only when each of them was."""

from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from temporalio.client import Client

from domain.errors import Unavailable
from domain.states import AssignmentState
from runtime.reconcile.orphans import OrphanSweep
from runtime.reconcile.pace import Repairs
from runtime.reconcile.rebuilding import Rebuilder
from runtime.reconcile.restored import RestoredSweep
from store.queries import installation as restores
from store.queries.publishing import progress
from tests.activities.conftest import Installation
from tests.support.lifecycles import DirectedLifecycles

GAP = datetime.now(UTC) - timedelta(hours=1)


class Accepted(OrphanSweep):
    """What was accepted in the gap is listed, unless a test says that it cannot be."""

    is_away = False

    async def record_accepted(self, since: datetime, repairs: Repairs) -> int:
        if self.is_away:
            repairs.failures.append(Unavailable("temporal_unavailable", "Away."))
        return 0


def are_read(here: Installation) -> bool:
    with here.store.read() as session:
        row = restores.find_restored(session)
    assert row is not None
    return row.histories_read_at is not None


@pytest.mark.parametrize("away", ["a run", "the list"])
async def test_what_could_not_be_read_is_read_by_the_next_sweep(
    installation: Installation, away: str
) -> None:
    unread, ended = installation.assignment(), installation.assignment()
    with installation.store.write() as session:
        progress.record_state(session, ended.id, state=AssignmentState.CANCELLED, warnings={})
        restores.begin_restore(session, GAP)
    temporal = DirectedLifecycles()
    orphans = Accepted(installation.store, cast(Client, None))
    rebuilder = Rebuilder(installation.store, installation.registry, temporal)
    sweep = RestoredSweep(installation.store, rebuilder, orphans)

    temporal.is_away, orphans.is_away = away == "a run", away == "the list"
    await sweep.run(Repairs())
    assert not are_read(installation)

    temporal.is_away = orphans.is_away = False
    await sweep.run(Repairs())
    assert are_read(installation)
    assert [one.assignment_id for one in temporal.assignments] == [unread.id]
    assert await sweep.run(Repairs()) == 0
