"""What was to be told and may have been lost is told again."""

from datetime import timedelta

from domain.errors import Unavailable
from domain.health import HEALTHY, Health
from domain.states import ConnectionHealth
from domain.wakes import ConnectionSettled, PersonNeeded, Wake
from runtime.reconcile.pace import Repairs
from runtime.reconcile.wakes import WakeSweep
from store.queries.access import asking, connections
from store.tables import now
from tests.activities.conftest import Installation

LONG_AGO = timedelta(hours=1)


class Swept:
    """Whom the sweep has reached, and who cannot be."""

    def __init__(self, here: Installation) -> None:
        self.away: set[str] = set()
        self.reached: list[str] = []
        self._sweep = WakeSweep(here.store, self._wake)

    async def sweep(self) -> int:
        return await self._sweep.run(Repairs())

    async def _wake(self, concerned: Wake) -> None:
        assert isinstance(concerned, PersonNeeded | ConnectionSettled)
        if concerned.connection_id in self.away:
            raise Unavailable("temporal_unavailable", "Away.")
        self.reached.append(concerned.connection_id)


def broken(here: Installation, account_id: str) -> str:
    connection = here.authorize("token", account_id=account_id)
    with here.store.write() as session:
        connections.mark_health(session, connection.id, Health(ConnectionHealth.NEEDS_REAUTH))
    with here.store.write() as session:
        connections.lock_connection(session, connection.id).health_since = now() - LONG_AGO
    return connection.id


async def test_who_cannot_be_told_holds_up_none_of_the_others(installation: Installation) -> None:
    first, second = (broken(installation, account) for account in ("A", "B"))
    swept = Swept(installation)
    swept.away = {first}
    assert await swept.sweep() == 1
    assert swept.reached == [second]
    swept.away = set()
    assert await swept.sweep() == 2


async def test_who_is_waited_for_without_need_is_told_although_nothing_is_parked(
    installation: Installation,
) -> None:
    mended = broken(installation, "A")
    with installation.store.write() as session:
        asking.note_reauth_look(session, mended)
    with installation.store.write() as session:
        connections.mark_health(session, mended, HEALTHY)
    with installation.store.write() as session:
        connections.lock_connection(session, mended).health_since -= LONG_AGO
    swept = Swept(installation)
    assert await swept.sweep() == 1
    with installation.store.write() as session:
        asking.note_reauth_look(session, mended)
    assert await swept.sweep() == 0
    assert swept.reached == [mended]
