from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from domain.errors import Conflict, DatabaseUnavailable
from store.engine import Store
from store.keyring import Keyring, create_keyset
from store.queries import workspaces
from store.queries.publishing import videos
from store.sqlite import Synchronous
from store.vault import Vault
from tests.store.conftest import FACTS, Tenant


def test_a_write_is_seen_by_the_next_read(store: Store) -> None:
    with store.write() as session:
        workspaces.create_workspace(session, name="ours")
    with store.read() as session:
        assert [row.name for row in workspaces.list_workspaces(session)] == ["ours"]


def test_an_error_takes_the_whole_write_back(store: Store) -> None:
    def write_twice() -> None:
        with store.write() as session:
            workspaces.create_workspace(session, name="ours")
            workspaces.create_workspace(session, name="ours")

    with pytest.raises(Conflict):
        write_twice()
    with store.read() as session:
        assert workspaces.list_workspaces(session) == []


def test_a_read_refuses_to_write(store: Store) -> None:
    with pytest.raises(DBAPIError), store.read() as session:
        workspaces.create_workspace(session, name="ours")
    with store.read() as session:
        assert workspaces.list_workspaces(session) == []


def test_a_connection_that_has_read_may_write_again(store: Store) -> None:
    with store.read() as session:
        workspaces.list_workspaces(session)
    with store.write() as session:
        workspaces.create_workspace(session, name="ours")


def test_rows_are_used_after_the_block(tenant: Tenant) -> None:
    assert tenant.workspace.name == "ours"
    with tenant.store.read() as session:
        row = workspaces.get_workspace(session, tenant.workspace.id)
    assert row.created_at == tenant.workspace.created_at
    assert row.created_at.utcoffset() is not None


def test_a_reference_to_nothing_is_refused(store: Store) -> None:
    claim = text(
        "INSERT INTO idempotency_claim (workspace_id, key, fingerprint, group_id, created_at) "
        "VALUES ('nobody', 'k', 'f', 'g', '2026-01-01')"
    )
    with pytest.raises(IntegrityError), store.write() as session:
        session.connection().execute(claim)


def test_errors_do_not_quote_values(store: Store) -> None:
    query = text("SELECT :value FROM nowhere")
    with pytest.raises(DBAPIError) as caught, store.read() as session:
        session.connection().execute(query, {"value": "a signed address"})
    assert "signed address" not in str(caught.value)


def register(url: str, workspace_id: str, count: int) -> None:
    store = Store(url, Vault(Keyring.from_json(create_keyset())))
    for _ in range(count):
        with store.write() as session:
            videos.create_video(
                session, workspace_id=workspace_id, source_url="file:///v.mp4", facts=FACTS
            )
    store.close()


def test_threads_and_processes_write_side_by_side(url: str, tenant: Tenant) -> None:
    job = (url, tenant.workspace.id, 10)
    with get_context("spawn").Pool(2) as processes, ThreadPoolExecutor(4) as threads:
        elsewhere = processes.starmap_async(register, [job, job])
        here = [threads.submit(register, *job) for _ in range(4)]
        elsewhere.get()
        for done in here:
            done.result()
    with tenant.store.read() as session:
        page = videos.find_videos(session, tenant.workspace.id, limit=100)
    assert sorted(video.number for video in page.items) == list(range(1, 61))


@pytest.mark.parametrize(("synchronous", "level"), [("full", 2), ("normal", 1)])
def test_sqlite_waits_for_the_disk_as_it_is_told(
    tmp_path: Path, synchronous: Synchronous, level: int
) -> None:
    store = Store(f"sqlite:///{tmp_path / 'castline.db'}", synchronous=synchronous)
    store.migrate()
    for block in (store.read, store.write):
        with block() as session:
            told = session.connection().exec_driver_sql("PRAGMA synchronous").scalar()
            assert told == level
    store.close()


def test_sqlite_waits_for_the_disk_unless_it_is_told_otherwise(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'castline.db'}")
    store.migrate()
    with store.write() as session:
        assert session.connection().exec_driver_sql("PRAGMA synchronous").scalar() == 2
    store.close()


def test_a_writer_that_waits_for_others_of_its_process_gives_up(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'castline.db'}", patience=0.2)
    store.migrate()

    def write() -> None:
        with store.write():
            pass

    with store.write(), ThreadPoolExecutor(1) as other, pytest.raises(DatabaseUnavailable):
        other.submit(write).result()
    write()
    store.close()


def test_a_database_that_was_replaced_is_used_from_the_next_transaction_on(tmp_path: Path) -> None:
    """As a restore does it, under processes that have the old file open."""
    path, other = tmp_path / "castline.db", tmp_path / "other.db"
    stores = [Store(f"sqlite:///{each}") for each in (path, other)]
    for store, name in zip(stores, ("before", "restored"), strict=True):
        store.migrate()
        with store.write() as session:
            workspaces.create_workspace(session, name=name)
    stores[1].close()
    other.replace(path)
    for file in tmp_path.glob("castline.db-*"):
        file.unlink()
    with stores[0].write() as session:
        workspaces.create_workspace(session, name="after")
    with Store(f"sqlite:///{path}").read() as session:
        assert {row.name for row in workspaces.list_workspaces(session)} == {"restored", "after"}
    stores[0].close()
