"""The lease under which one process sweeps at a time."""

from datetime import timedelta

from store.engine import Store
from store.queries import sweeps
from store.tables import now

LEASE = timedelta(seconds=30)
EVERY = timedelta(seconds=45)


def begin(store: Store, holder: str, *, every: timedelta = EVERY) -> bool:
    with store.write() as session:
        return sweeps.begin_sweep(session, "s", holder=holder, lease=LEASE, every=every)


def renew(store: Store, holder: str) -> bool:
    with store.write() as session:
        return sweeps.renew_sweep(session, "s", holder=holder, lease=LEASE)


def end(store: Store, holder: str, **counts: int) -> None:
    with store.write() as session:
        sweeps.end_sweep(session, "s", holder=holder, counts=counts, error=None)


def date_back(store: Store, by: timedelta) -> None:
    with store.write() as session:
        row = sweeps.find_sweep(session, "s")
        assert row is not None
        assert row.started_at is not None
        row.started_at -= by
        if row.lease_until is not None:
            row.lease_until -= by


def test_one_process_sweeps_at_a_time(store: Store) -> None:
    assert begin(store, "a")
    assert not begin(store, "b", every=timedelta(0))
    end(store, "a", rebuilt=3)
    assert begin(store, "b", every=timedelta(0))
    assert not renew(store, "a")
    assert renew(store, "b")


def test_the_next_sweep_is_due_after_its_pause_whoever_asks(store: Store) -> None:
    assert begin(store, "a")
    end(store, "a")
    assert not begin(store, "a")
    assert not begin(store, "b")
    date_back(store, EVERY)
    assert begin(store, "b")


def test_the_sweep_of_a_killed_process_is_run_by_another_one(store: Store) -> None:
    assert begin(store, "killed")
    date_back(store, LEASE / 2)
    assert not begin(store, "b")
    date_back(store, LEASE)
    assert begin(store, "b")
    end(store, "killed", rebuilt=1)
    with store.read() as session:
        row = sweeps.find_sweep(session, "s")
    assert row is not None
    assert (row.holder, row.counts, row.finished_at) == ("b", {}, None)


def test_what_the_latest_sweep_did_is_kept(store: Store) -> None:
    assert begin(store, "a")
    end(store, "a", rebuilt=3)
    with store.read() as session:
        row = sweeps.find_sweep(session, "s")
    assert row is not None
    assert row.finished_at is not None
    assert (row.holder, row.counts, row.error) == (None, {"rebuilt": 3}, None)
    assert now() - row.finished_at < timedelta(minutes=1)
