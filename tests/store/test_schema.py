from multiprocessing import get_context
from multiprocessing.synchronize import Barrier

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from store.engine import Store
from store.queries import workspaces
from store.schema import Version
from store.tables import METADATA


def test_the_migrated_schema_is_that_of_the_models(url: str) -> None:
    engine = create_engine(url)
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), METADATA)
    engine.dispose()
    assert differences == []


def test_a_store_is_current_only_once_it_is_migrated(empty_url: str) -> None:
    store = Store(empty_url)
    assert not store.is_current()
    store.migrate()
    assert store.is_current()
    store.close()


def test_a_schema_of_a_later_version_is_not_current(store: Store) -> None:
    with store.write() as session:
        session.connection().execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert not store.is_current()


def test_migrating_again_keeps_what_is_there(store: Store) -> None:
    with store.write() as session:
        workspaces.create_workspace(session, name="ours")
    store.migrate()
    with store.read() as session:
        assert workspaces.find_workspace_by_name(session, "ours")


def migrate(url: str, together: Barrier) -> None:
    store = Store(url)
    together.wait(60)
    store.migrate()
    assert store.is_current()
    store.close()


def test_two_processes_migrate_at_once(empty_url: str) -> None:
    spawn = get_context("spawn")
    together = spawn.Barrier(2)
    processes = [
        spawn.Process(target=migrate, args=(empty_url, together), daemon=True) for _ in range(2)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]


def test_the_version_of_a_schema_is_named(empty_url: str) -> None:
    store = Store(empty_url)
    assert store.schema_versions().found is None
    store.migrate()
    versions = store.schema_versions()
    assert versions.found == versions.expected
    assert versions.version is Version.CURRENT
    with store.write() as session:
        session.connection().execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert store.schema_versions().version is Version.AHEAD
    store.close()
