"""The loop in every worker process that runs a sweep now and then, one process at a time.

A lease in the database decides which process sweeps. A process that is killed in a sweep loses
the lease half a minute later, and another one sweeps. Nothing of it runs in Temporal.
"""

import asyncio
import logging
import os
import random
import socket
from datetime import timedelta

from temporalio.client import Client

from domain.errors import Conflict
from runtime.lifecycles import make_lifecycles
from runtime.parts import Parts
from runtime.reconcile.pace import word_of
from runtime.reconcile.sweeping import Sweeper, Swept
from runtime.waking import Waker
from store.queries import sweeps

LEASE = timedelta(seconds=30)
RENEW_SECONDS = 5.0

_log = logging.getLogger("castline.maintenance")


class Maintenance:
    """Made on the event loop that it works on."""

    def __init__(
        self, parts: Parts, client: Client, *, renew_seconds: float = RENEW_SECONDS
    ) -> None:
        """`renew_seconds`: how often the lease is renewed during a sweep."""
        settings = parts.settings
        self._renew_seconds = renew_seconds
        self._store = parts.store
        self._every = timedelta(seconds=settings.reconcile_seconds)
        self._holder = f"{os.getpid()}@{socket.gethostname()}/{random.getrandbits(32):08x}"
        lifecycles = make_lifecycles(client, settings)
        wake = Waker(client, parts.store, settings).wake
        self._sweeper = Sweeper(parts, client, lifecycles, wake)

    async def run(self) -> None:
        """Sweep until cancelled. What fails is logged and tried again; it never ends by itself."""
        while True:
            try:
                await self.sweep_if_due()
            except Exception as error:  # a database or a Temporal that is away comes back
                _log.warning("the sweep failed: %s", _code_of(error))
            # Jittered, so that the workers of an installation do not ask all at once.
            await asyncio.sleep(self._every.total_seconds() * random.uniform(0.75, 1.0))  # noqa: S311

    async def sweep_if_due(self) -> Swept | None:
        """Run one sweep. None: another process runs it, or has just run it."""
        # The pause is jittered: a sweep that began almost a pause ago is due again.
        if not await self._take_lease(0.7 * self._every):
            return None
        return await self._sweep()

    async def sweep(self) -> Swept:
        """Run one sweep now. Waits for the one that another process runs."""
        while not await self._take_lease(timedelta(0)):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        return await self._sweep()

    async def _sweep(self) -> Swept:
        swept = Swept()
        failure: BaseException | None = None
        try:
            swept, failure = await self._holding_lease()
        except BaseException as error:  # one that was stopped has not compared everything either
            failure = error
            raise
        finally:
            await asyncio.shield(asyncio.to_thread(self._end, swept, failure))
        if any(swept.counts().values()):
            _log.info("the sweep has put right: %s", swept)
        return swept

    async def _holding_lease(self) -> tuple[Swept, Exception | None]:
        """Sweep, and renew the lease meanwhile. Raises `Conflict` where the lease is lost."""
        sweeping = asyncio.create_task(self._sweeper.sweep())
        try:
            while True:
                done, _ = await asyncio.wait({sweeping}, timeout=self._renew_seconds)
                if done:
                    return sweeping.result()
                if not await asyncio.to_thread(self._renew):
                    raise Conflict("lease_lost", "Another worker has begun the next sweep.")
        finally:
            sweeping.cancel()

    async def _take_lease(self, every: timedelta) -> bool:
        """False: it is not due. Stopped meanwhile, it gives back what its thread has taken."""
        taking = asyncio.ensure_future(asyncio.to_thread(self._begin, every))
        try:
            return await asyncio.shield(taking)
        except asyncio.CancelledError as stop:
            if await taking:
                await asyncio.to_thread(self._end, Swept(), stop)
            raise

    def _begin(self, every: timedelta) -> bool:
        with self._store.write() as session:
            return sweeps.begin_sweep(
                session, sweeps.RECONCILE, holder=self._holder, lease=LEASE, every=every
            )

    def _renew(self) -> bool:
        with self._store.write() as session:
            return sweeps.renew_sweep(session, sweeps.RECONCILE, holder=self._holder, lease=LEASE)

    def _end(self, swept: Swept, failure: BaseException | None) -> None:
        with self._store.write() as session:
            sweeps.end_sweep(
                session,
                sweeps.RECONCILE,
                holder=self._holder,
                counts=swept.counts(),
                error=None if failure is None else _code_of(failure),
            )


def _code_of(error: BaseException) -> str:
    if isinstance(error, asyncio.CancelledError):
        return "interrupted"
    return word_of(error)
