"""The file beside the key set: where it is ahead, the database was restored."""

import json
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from runtime.generation import (
    Generation,
    generation_file,
    note_generation,
    notice_restore,
    read_generation,
    write_generation,
)
from runtime.settings import Settings
from store.engine import Store
from store.keyring import create_keyset
from store.queries import installation
from store.tables import Installation
from tests.support.disks import read_only_disk
from tests.support.meanwhile import MeanwhileStore


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.model_validate({"data_dir": tmp_path, "database_url": None, "keyset": None})


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    store = Store(settings.database)
    store.migrate()
    yield store
    store.close()


def row_of(store: Store) -> Installation:
    with store.read() as session:
        row = installation.find_installation(session)
    assert row is not None
    return row


def turn_back(store: Store, generation: int) -> None:
    """What a restore does to the row."""
    with store.write() as session:
        installation.ensure_installation(session).generation = generation


def path_of(settings: Settings) -> Path:
    path = generation_file(settings)
    assert path is not None
    return path


def test_both_rise_together_and_nothing_is_noticed(settings: Settings, store: Store) -> None:
    for number in (1, 2):
        note_generation(settings, store)
        row = row_of(store)
        expected = Generation(row.installation_id, number)
        assert read_generation(path_of(settings)) == expected
        assert row.generation == number
        assert not notice_restore(settings, store)
    assert stat.S_IMODE(path_of(settings).stat().st_mode) == 0o600
    assert path_of(settings).parent == settings.keyset_file.parent


def test_a_file_that_is_ahead_begins_one_restore(settings: Settings, store: Store) -> None:
    for _ in range(3):
        note_generation(settings, store)
    turn_back(store, 1)
    noted = row_of(store).noted_at
    assert noted is not None

    assert [notice_restore(settings, store) for _ in range(2)] == [True, False]

    row = row_of(store)
    assert (row.epoch, row.generation) == (2, 4)
    assert row.gap_from == noted - timedelta(hours=1)
    note_generation(settings, store)
    assert not notice_restore(settings, store)


def test_of_two_processes_that_notice_a_restore_at_once_one_begins_it(
    settings: Settings, store: Store
) -> None:
    for _ in range(3):
        note_generation(settings, store)
    turn_back(store, 1)
    other = MeanwhileStore(settings.database)
    other.meanwhile = lambda: notice_restore(settings, store)
    assert not notice_restore(settings, other)
    other.close()
    assert row_of(store).epoch == 2


def test_a_file_of_another_installation_says_nothing(settings: Settings, store: Store) -> None:
    note_generation(settings, store)
    write_generation(path_of(settings), Generation("ins_other", 99))
    assert not notice_restore(settings, store)
    note_generation(settings, store)
    assert read_generation(path_of(settings)) == Generation(row_of(store).installation_id, 2)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"installation_id": 1}', "\x00"])
def test_a_file_that_cannot_be_read_says_nothing(
    settings: Settings, store: Store, content: str
) -> None:
    note_generation(settings, store)
    path_of(settings).write_text(content)
    assert not notice_restore(settings, store)
    note_generation(settings, store)
    assert json.loads(path_of(settings).read_text())["number"] == 2


def test_a_file_that_is_ahead_is_not_turned_back(settings: Settings, store: Store) -> None:
    for _ in range(2):
        note_generation(settings, store)
    turn_back(store, 0)
    # A sweep that was under way while the database was put back.
    note_generation(settings, store)
    assert notice_restore(settings, store)


def test_a_key_set_of_the_environment_has_no_file(tmp_path: Path, store: Store) -> None:
    settings = Settings.model_validate(
        {"data_dir": tmp_path, "database_url": None, "keyset": create_keyset().reveal()}
    )
    note_generation(settings, store)
    assert generation_file(settings) is None
    assert not notice_restore(settings, store)
    assert list(tmp_path.glob("*.generation")) == []


def test_a_folder_that_cannot_be_written_to_stops_no_sweep(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "keyset.json.generation"
    write_generation(path, Generation("ins_ours", 1))
    assert not path.exists()


def test_a_disk_that_is_read_only_stops_no_sweep(settings: Settings) -> None:
    path = generation_file(settings)
    with read_only_disk(settings.data_dir):
        write_generation(path, Generation("ins_1", 1))
    assert read_generation(path) is None


def test_a_database_without_tables_is_not_judged(settings: Settings) -> None:
    write_generation(path_of(settings), Generation("ins_ours", 9))
    empty = Store(settings.database)
    assert not notice_restore(settings, empty)
    empty.close()
