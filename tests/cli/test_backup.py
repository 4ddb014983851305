"""A backup is taken while everything runs, and restored by whoever has the key set."""

import json
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import psycopg
import pytest
from sqlalchemy import make_url

from cli.backup.databases import database_of
from cli.backup.marker import NAME, Marker, read_marker
from cli.backup.restoring import restore
from cli.backup.taking import back_up
from cli.local.up import only_one
from domain.errors import CastlineError, Unavailable
from domain.secrets import Secret
from runtime.generation import (
    Generation,
    generation_file,
    note_generation,
    read_generation,
    write_generation,
)
from runtime.parts import load_keyring
from runtime.process_heartbeat import process_heartbeat
from runtime.settings import Settings
from store.engine import Store
from store.keyring import create_keyset, ensure_keyset_file, replace_keyset_file
from store.queries import workspaces
from store.queries.installation import ensure_installation, find_installation
from store.queries.processes import list_running
from store.queries.telling import endpoints
from store.tables import Installation
from store.vault import Vault
from testkit.database import Cluster
from tests.support.machine import castline


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    url = None
    if request.param == "postgresql":
        cluster: Cluster = request.getfixturevalue("cluster")
        url = cluster.create_database()
    chosen = Settings.model_validate({"data_dir": tmp_path / "data", "database_url": url})
    chosen.data_dir.mkdir(mode=0o700)
    ensure_keyset_file(chosen.keyset_file)
    return chosen


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    vault = Vault(load_keyring(settings))
    store = Store(settings.database, vault)
    store.migrate()
    with store.write() as session:
        workspace = workspaces.create_workspace(session, name="ours")
        endpoints.create_endpoint(
            session, vault, workspace_id=workspace.id, url="https://example.com/"
        )
    yield store
    store.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups" / "monday"


def refused(code: str, settings: Settings, folder: Path, **how: bool) -> str:
    """The sentence with which a restore is refused; nothing was changed."""
    with pytest.raises(CastlineError) as told:
        restore(settings, folder, **how)
    assert told.value.code == code, told.value.sentence
    return told.value.sentence


def names(store: Store) -> list[str]:
    with store.read() as session:
        return [row.name for row in workspaces.list_workspaces(session)]


def row_of(store: Store) -> Installation:
    with store.read() as session:
        row = find_installation(session)
    assert row is not None
    return row


def change_marker(folder: Path, **fields: object) -> None:
    said = json.loads((folder / NAME).read_text())
    (folder / NAME).write_text(json.dumps({**said, **fields}))


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# Taking -----------------------------------------------------------------------------------


def test_a_backup_is_private_and_names_what_it_is(
    settings: Settings, store: Store, folder: Path
) -> None:
    before = datetime.now(UTC)

    marker = back_up(settings, store, folder)

    assert sorted(path.name for path in folder.iterdir()) == sorted([NAME, marker.file])
    assert mode_of(folder) == 0o700
    assert {mode_of(path) for path in folder.iterdir()} == {0o600}
    row, keyring = row_of(store), load_keyring(settings)
    assert read_marker(folder) == marker
    assert (marker.installation_id, marker.epoch) == (row.installation_id, 1)
    assert marker.taken_at >= before
    assert marker.key_ids == keyring.key_ids
    held = settings.keyset_file.read_bytes() + b"".join(p.read_bytes() for p in folder.iterdir())
    assert settings.keyset_file.read_text() not in held[
        len(settings.keyset_file.read_bytes()) :
    ].decode(errors="replace")


def test_a_backup_is_taken_of_one_moment_while_others_write(
    settings: Settings, store: Store, folder: Path
) -> None:
    is_over = Event()

    def write() -> None:
        number = 0
        while not is_over.is_set():
            number += 1
            with store.write() as session:
                workspaces.create_workspace(session, name=f"{number:06}")

    writing = Thread(target=write)
    writing.start()
    try:
        back_up(settings, store, folder)
    finally:
        is_over.set()
        writing.join()
    written = names(store)

    restore(settings, folder)

    restored = names(store)
    assert restored[:-1] == written[: len(restored) - 1]
    assert len(restored) <= len(written)


def test_a_folder_holds_one_backup(settings: Settings, store: Store, folder: Path) -> None:
    back_up(settings, store, folder)
    before = (folder / NAME).read_bytes()
    with pytest.raises(CastlineError) as told:
        back_up(settings, store, folder)
    assert told.value.code == "backup_exists"
    assert (folder / NAME).read_bytes() == before


def test_a_backup_that_failed_leaves_nothing_that_a_restore_would_take(
    settings: Settings, store: Store, folder: Path, tmp_path: Path
) -> None:
    nowhere = tmp_path / "nowhere"
    address = settings.database_url or f"sqlite:///{nowhere}/castline.db"
    broken = Settings.model_validate(
        {
            "data_dir": settings.data_dir,
            "database_url": address.replace("/test_", "/nowhere_"),
        }
    )
    with pytest.raises(CastlineError) as told:
        back_up(broken, store, folder)
    assert told.value.code == "backup_failed"
    assert list(folder.iterdir()) == []
    refused("backup_not_found", settings, folder)


def test_the_key_set_is_copied_to_another_folder_only(
    settings: Settings, store: Store, folder: Path, tmp_path: Path
) -> None:
    for same in (folder, folder / "keys"):
        with pytest.raises(CastlineError) as told:
            back_up(settings, store, folder, same)
        assert told.value.code == "keys_beside_backup"
    with pytest.raises(CastlineError) as told:
        back_up(settings, store, folder, settings.data_dir)
    assert told.value.code == "keys_in_place"

    back_up(settings, store, folder, tmp_path / "keys")

    copy = tmp_path / "keys" / settings.keyset_file.name
    assert copy.read_bytes() == settings.keyset_file.read_bytes()
    assert (mode_of(copy), mode_of(copy.parent)) == (0o600, 0o700)


def test_a_password_stands_on_no_command_line(tmp_path: Path, folder: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    told = tmp_path / "told"
    for name in ("pg_dump", "pg_restore"):
        (programs / name).write_text(
            f'#!/bin/sh\necho "$@" >>{told}\necho "$PGPASSWORD" >>{told}.env\n'
        )
        (programs / name).chmod(0o700)
    url = "postgresql+psycopg://castline:a%20secret@db.example:5433/name?sslmode=require"
    settings = Settings.model_validate({"data_dir": tmp_path, "database_url": url})
    path = os.environ["PATH"]
    os.environ["PATH"] = f"{programs}:{path}"
    try:
        database_of(settings).dump(tmp_path / "dump")
    finally:
        os.environ["PATH"] = path
    line = told.read_text()
    assert "a secret" not in line
    assert "sslmode=require" in line
    assert "host=db.example" in line
    assert Path(f"{told}.env").read_text() == "a secret\n"


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    url = "postgresql+psycopg://castline@db.example/name"
    settings = Settings.model_validate({"data_dir": tmp_path, "database_url": url})
    path, os.environ["PATH"] = os.environ["PATH"], str(tmp_path)
    try:
        with pytest.raises(Unavailable, match=r"pg_dump is not on the PATH\. Install"):
            database_of(settings).dump(tmp_path / "dump")
    finally:
        os.environ["PATH"] = path


# Restoring --------------------------------------------------------------------------------


def test_a_restored_database_is_that_of_the_backup_and_knows_it(
    settings: Settings, store: Store, folder: Path
) -> None:
    note_generation(settings, store)
    with process_heartbeat("worker", store, load_keyring(settings)):
        marker = back_up(settings, store, folder)
    note_generation(settings, store)
    with store.write() as session:
        workspaces.create_workspace(session, name="later")
    store.close()

    restored = restore(settings, folder)

    assert names(store) == ["ours"]
    row = row_of(store)
    assert (row.epoch, row.installation_id) == (2, marker.installation_id)
    assert row.gap_from == marker.taken_at - timedelta(hours=1)
    noted = read_generation(generation_file(settings))
    assert noted is not None
    assert noted.number == row.generation > 2
    with store.read() as session:
        assert list_running(session) == []
    assert restored.kept is not None
    assert kept_names(settings, restored.kept) == ["later", "ours"]


def kept_names(settings: Settings, kept: str) -> list[str]:
    """The workspaces in the database that was moved aside."""
    if settings.database_url is None:
        aside = Store(f"sqlite:///{kept}")
        found = names(aside)
        aside.close()
        return found
    schema = kept.split()[1]
    address = settings.database_url.replace("+psycopg", "")
    with closing(psycopg.connect(address)) as connection:
        rows = connection.execute(f"SELECT name FROM {schema}.workspace ORDER BY name".encode())
        return [name for (name,) in rows]


def test_a_backup_is_restored_where_there_is_no_database(
    settings: Settings, store: Store, folder: Path, request: pytest.FixtureRequest
) -> None:
    back_up(settings, store, folder)
    store.close()
    if settings.database_url is None:
        shutil.rmtree(settings.data_dir / "castline.db", ignore_errors=True)
        for path in settings.data_dir.glob("castline.db*"):
            path.unlink()
    else:
        cluster: Cluster = request.getfixturevalue("cluster")
        settings = settings.model_copy(update={"database_url": cluster.create_database()})

    restored = restore(settings, folder)

    fresh = Store(settings.database)
    assert names(fresh) == ["ours"]
    fresh.close()
    assert (restored.kept is None) == (settings.database_url is None)


def test_nothing_is_restored_while_a_process_runs(
    settings: Settings, store: Store, folder: Path
) -> None:
    back_up(settings, store, folder)
    with process_heartbeat("worker", store, load_keyring(settings)):
        while not _runs(store):
            pass
        sentence = refused("processes_running", settings, folder)
    assert f"worker {os.getpid()}" in sentence
    with only_one(settings.data_dir):
        sentence = refused("already_up", settings, folder)
    assert sentence.endswith("Stop it first, then run this again.")
    assert row_of(store).epoch == 1


def _runs(store: Store) -> bool:
    with store.read() as session:
        return bool(list_running(session))


def test_a_backup_of_a_newer_schema_is_refused(
    settings: Settings, store: Store, folder: Path
) -> None:
    back_up(settings, store, folder)
    change_marker(folder, schema="9999", version="7.1")
    assert "7.1" in refused("backup_is_newer", settings, folder)


def test_a_backup_of_the_other_kind_of_database_is_refused(
    settings: Settings, store: Store, folder: Path
) -> None:
    back_up(settings, store, folder)
    change_marker(folder, database="other")
    refused("other_database", settings, folder)


def test_a_key_set_that_does_not_open_it_is_refused(
    settings: Settings, store: Store, folder: Path
) -> None:
    back_up(settings, store, folder)
    replace_keyset_file(settings.keyset_file, create_keyset())
    assert "lacks key" in refused("keyset_of_another_backup", settings, folder)


def test_keys_that_merely_have_the_same_names_are_refused(
    settings: Settings, store: Store, folder: Path
) -> None:
    back_up(settings, store, folder)
    said, other = (
        json.loads(text) for text in (settings.keyset_file.read_text(), create_keyset().reveal())
    )
    said["key"][0]["keyData"] = other["key"][0]["keyData"]
    replace_keyset_file(settings.keyset_file, Secret(json.dumps(said)))
    refused("keyset_of_another_backup", settings, folder)


def test_another_installation_is_restored_on_demand_only(
    settings: Settings, store: Store, folder: Path
) -> None:
    marker = back_up(settings, store, folder)
    with store.write() as session:
        ensure_installation(session).installation_id = "ins_other"
    assert "ins_other" in refused("other_installation", settings, folder)
    store.close()

    restore(settings, folder, other_installation=True)

    assert row_of(store).installation_id == marker.installation_id


def test_another_installation_is_known_without_its_database(
    settings: Settings, store: Store, folder: Path
) -> None:
    back_up(settings, store, folder)
    store.close()
    if settings.database_url is not None:
        pytest.skip("only a file can be gone")
    for path in settings.data_dir.glob("castline.db*"):
        path.unlink()
    write_generation(generation_file(settings), Generation("ins_other", 5))
    refused("other_installation", settings, folder)


def test_a_backup_whose_database_is_another_one_changes_nothing(
    settings: Settings, store: Store, folder: Path
) -> None:
    marker = back_up(settings, store, folder)
    with store.write() as session:
        workspaces.create_workspace(session, name="later")
    store.close()
    change_marker(folder, installation_id="ins_other", check=_check_of(settings, "ins_other"))

    refused("backup_failed", settings, folder, other_installation=True)

    assert names(store) == ["later", "ours"]
    assert row_of(store).installation_id == marker.installation_id


def test_a_damaged_backup_changes_nothing(settings: Settings, store: Store, folder: Path) -> None:
    marker = back_up(settings, store, folder)
    store.close()
    content = (folder / marker.file).read_bytes()
    (folder / marker.file).write_bytes(content[: len(content) // 2])

    refused("backup_failed", settings, folder)

    assert names(store) == ["ours"]
    left = {path.name for path in settings.data_dir.glob("*castline.db*")}
    assert left <= {"castline.db", "castline.db-wal", "castline.db-shm"}


def _check_of(settings: Settings, installation_id: str) -> str:
    from cli.backup.marker import seal_check

    return seal_check(load_keyring(settings), installation_id)


# The commands -----------------------------------------------------------------------------


def test_the_commands_say_where_it_is_and_what_comes_next(
    settings: Settings, store: Store, folder: Path, tmp_path: Path
) -> None:
    taken = castline(settings, "backup", str(folder), "--keys", str(tmp_path / "keys"))
    assert taken.returncode == 0, taken.stderr
    assert taken.stdout.strip() == str(folder / read_marker(folder).file)
    assert "Keep that folder apart" in taken.stderr

    put_back = castline(settings, "restore", str(folder))
    assert put_back.returncode == 0, put_back.stderr
    assert "The database is as it was at" in put_back.stdout
    assert "0 assignments are open" in put_back.stderr

    again = castline(settings, "backup", str(folder))
    assert (again.returncode, again.stderr.count("\n")) == (1, 1)


def test_a_marker_leads_to_no_other_folder(settings: Settings, store: Store, folder: Path) -> None:
    marker: Marker = back_up(settings, store, folder)
    (folder.parent / "outside").write_bytes((folder / marker.file).read_bytes())
    change_marker(folder, file="../outside")
    refused("backup_not_found", settings, folder)
    assert make_url(settings.database).get_backend_name() == marker.database
