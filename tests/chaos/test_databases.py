"""A database copied while it is used, and put back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chaos.databases import Database, database
from chaos.disk import small_disk
from store.engine import Store
from store.queries import workspaces


@pytest.fixture(params=["sqlite", "postgresql"])
def used(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with (
        small_disk(64, keep=tmp_path / "kept") as disk,
        database(request.param, disk.folder, disk) as made,
    ):
        yield made


def names(store: Store) -> set[str]:
    with store.read() as session:
        return {workspace.name for workspace in workspaces.list_workspaces(session)}


def add(store: Store, name: str) -> None:
    with store.write() as session:
        workspaces.create_workspace(session, name=name)


def test_what_is_put_back_is_the_database_as_it_was_copied(used: Database, tmp_path: Path) -> None:
    store = Store(used.url or f"sqlite:///{used.file}")
    store.migrate()
    add(store, "before")
    used.copy(tmp_path)
    add(store, "in the gap")
    store.close()
    used.put_back(tmp_path)
    assert names(store) == {"before"}
    add(store, "after")
    assert names(store) == {"before", "after"}
    store.close()
