"""The loop that sweeps: one process at a time, and it never ends by itself."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Event

import pytest
from sqlmodel import Session
from temporalio.client import Client

from domain.errors import Conflict
from runtime.generation import note_generation
from runtime.maintenance import Maintenance
from runtime.parts import Parts, build_parts
from runtime.reconcile.sweeping import Swept
from runtime.settings import Settings
from runtime.temporal import connect
from store.engine import Store
from store.keyring import ensure_keyset_file
from store.queries.sweeps import RECONCILE, find_sweep
from store.tables import Sweep
from tests.support.stack import eventually, leave_namespace


@pytest.fixture
def parts(tmp_path: Path, address: str) -> Iterator[Parts]:
    settings = Settings.model_validate(
        {"data_dir": tmp_path, "temporal_address": address, "reconcile_seconds": 600}
    )
    ensure_keyset_file(settings.keyset_file)
    parts = build_parts(settings)
    parts.store.migrate()
    yield parts
    parts.store.close()


@pytest.fixture
async def client(parts: Parts) -> AsyncIterator[Client]:
    client = await connect(parts.settings, parts.keyring)
    yield client
    await leave_namespace(client)


class HeldStore(Store):
    """Its reads and writes wait until they may go on."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.is_reading, self.may_read = Event(), Event()
        self.is_writing, self.may_write = Event(), Event()

    @contextmanager
    def read(self) -> Iterator[Session]:
        self.is_reading.set()
        self.may_read.wait(60)
        with super().read() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        self.is_writing.set()
        self.may_write.wait(60)
        with super().write() as session:
            yield session


@pytest.fixture
def held(parts: Parts) -> Iterator[HeldStore]:
    store = HeldStore(parts.settings.database)
    yield store
    store.may_read.set()
    store.close()


def latest(parts: Parts) -> Sweep | None:
    with parts.store.read() as session:
        return find_sweep(session, RECONCILE)


async def test_of_two_processes_one_sweeps(parts: Parts, client: Client) -> None:
    both = [Maintenance(parts, client) for _ in range(2)]
    swept = await asyncio.gather(*(one.sweep_if_due() for one in both))
    assert sorted(one is not None for one in swept) == [False, True]
    assert await both[0].sweep_if_due() is None
    row = latest(parts)
    assert row is not None
    assert row.error is None
    assert row.counts.keys() == Swept().counts().keys()


async def test_a_sweep_without_temporal_is_recorded_and_the_loop_goes_on(parts: Parts) -> None:
    away = parts.settings.model_copy(update={"temporal_address": "127.0.0.1:1"})
    client = await connect(away, parts.keyring, lazy=True)
    loop = asyncio.create_task(Maintenance(parts, client).run())

    async def error() -> str | None:
        row = latest(parts)
        return None if row is None else row.error

    assert await eventually(error)
    assert not loop.done()
    loop.cancel()
    await asyncio.wait({loop})
    row = latest(parts)
    assert row is not None
    assert row.holder is None


@pytest.mark.parametrize("moment", ["taking the lease", "in the sweep"])
async def test_a_loop_that_is_stopped_gives_the_lease_back(
    parts: Parts, client: Client, held: HeldStore, moment: str
) -> None:
    note_generation(parts.settings, parts.store)  # so that the first thing is a read
    if moment == "in the sweep":
        held.may_write.set()
    loop = asyncio.create_task(Maintenance(replace(parts, store=held), client).run())
    reached = held.is_writing if moment == "taking the lease" else held.is_reading
    assert await asyncio.to_thread(reached.wait, 30)
    loop.cancel()
    held.may_write.set()
    held.may_read.set()
    await asyncio.wait({loop})

    async def is_given_back() -> bool:
        row = latest(parts)
        return row is not None and row.finished_at is not None

    await eventually(is_given_back)
    row = latest(parts)
    assert row is not None
    assert (row.holder, row.error) == (None, "interrupted")


async def test_a_sweep_that_lasts_keeps_its_lease_and_one_that_lost_it_stops(
    parts: Parts, client: Client, held: HeldStore
) -> None:
    note_generation(parts.settings, parts.store)  # so that the first thing is a read
    held.may_write.set()
    lasting = Maintenance(replace(parts, store=held), client, renew_seconds=0.1)
    sweeping = asyncio.create_task(lasting.sweep_if_due())

    async def lease() -> datetime | None:
        row = latest(parts)
        return None if row is None else row.lease_until

    first = await eventually(lease)
    assert first is not None
    await eventually(lease, lambda until: until is not None and until > first)

    with parts.store.write() as session:
        session.get_one(Sweep, RECONCILE).holder = "another"

    with pytest.raises(Conflict) as lost:
        await asyncio.wait_for(sweeping, 30)
    assert lost.value.code == "lease_lost"
    row = latest(parts)
    assert row is not None
    assert (row.holder, row.finished_at) == ("another", None)
