"""The key set rotates beside running processes, and a key is retired when nothing needs it."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from temporalio.client import Client, WorkflowHandle

from cli.retirement import retire
from cli.rotation import changing_keyset, rotate
from domain.errors import CastlineError, Conflict, NotFound
from domain.ids import CARE
from domain.secrets import Secret
from runtime.process_heartbeat import process_heartbeat
from runtime.settings import Settings
from runtime.temporal import connect, ensure_ready
from store.engine import Store
from store.keyring import Keyring, create_keyset, ensure_keyset_file
from store.queries import workspaces
from store.queries.processes import list_running, record_process
from store.queries.telling import endpoints
from store.resealing import count_sealed_with
from store.tables import ReplacedKey, now
from store.vault import Vault
from tests.support.stack import eventually, temporal_server

SHORT = 0.5


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings.model_validate({"data_dir": tmp_path, "database_url": None, "keyset": None})
    ensure_keyset_file(settings.keyset_file)
    return settings


@pytest.fixture
def keyring(settings: Settings) -> Keyring:
    """The key set as a running process has it."""
    return Keyring.from_file(settings.keyset_file)


@pytest.fixture
def store(settings: Settings, keyring: Keyring) -> Iterator[Store]:
    store = Store(settings.database, Vault(keyring))
    store.migrate()
    with store.write() as session:
        workspace = workspaces.create_workspace(session, name="ours")
        endpoints.create_endpoint(
            session, Vault(keyring), workspace_id=workspace.id, url="https://example.com/"
        )
    yield store
    store.close()


def show(store: Store, keyring: Keyring, pid: int) -> None:
    """What a process on another machine wrote, which does not follow this machine's file."""
    with store.write() as session:
        record_process(
            session, id=f"prc_{pid}", role="api", host="elsewhere", pid=pid, keyring=keyring
        )


def test_a_rotation_says_what_it_did(settings: Settings, store: Store, keyring: Keyring) -> None:
    old = keyring.primary_key_id
    said = rotate(settings, store, only_reseal=False)
    new = Keyring.from_file(settings.keyset_file).primary_key_id
    assert new != old
    assert said == (
        f"Key {new} seals from now on. 2 stored values were resealed. Kept for what Temporal and "
        f"backups hold: {old}. `castline rotate-keys --retire KEY_ID` removes one."
    )
    assert (count_sealed_with(store, old), count_sealed_with(store, new)) == (0, 2)
    assert settings.keyset_file.stat().st_mode & 0o777 == 0o600


async def test_a_running_process_is_waited_for_and_goes_on_with_the_new_key(
    settings: Settings, store: Store, keyring: Keyring
) -> None:
    async def running() -> int:
        with store.read() as session:
            return len(list_running(session))

    old = keyring.primary_key_id
    with process_heartbeat("worker", store, keyring):
        await eventually(running)
        await asyncio.to_thread(rotate, settings, store, only_reseal=False)
        sealed = keyring.seal(b"x", b"here")
        assert keyring.key_id_of(sealed) == keyring.primary_key_id != old
    assert await running() == 0


def test_nothing_seals_with_a_key_that_a_running_process_lacks(
    settings: Settings, store: Store, keyring: Keyring
) -> None:
    apart = Keyring.from_json(Secret(settings.keyset_file.read_text()))
    old = keyring.primary_key_id
    show(store, apart, 7)
    with pytest.raises(Conflict, match="api 7 on elsewhere") as caught:
        rotate(settings, store, only_reseal=False, wait=SHORT)
    assert caught.value.code == "processes_behind"
    added = Keyring.from_file(settings.keyset_file)
    assert (added.primary_key_id, len(added.key_ids)) == (old, 2)
    # It is given the key set, and the command is run again: the same key is taken up.
    show(store, added, 7)
    with pytest.raises(Conflict, match="still seal with another"):
        rotate(settings, store, only_reseal=False, wait=SHORT)
    promoted = Keyring.from_file(settings.keyset_file)
    assert (promoted.primary_key_id, promoted.key_ids) == (added.newest_key_id, added.key_ids)
    assert count_sealed_with(store, old) == 2
    show(store, promoted, 7)
    assert "2 stored values" in rotate(settings, store, only_reseal=True, wait=SHORT)


def test_a_process_that_was_killed_is_not_waited_for(
    settings: Settings, store: Store, keyring: Keyring
) -> None:
    apart = Keyring.from_json(Secret(settings.keyset_file.read_text()))
    show(store, apart, 7)
    with store.write() as session:
        for row in list_running(session):
            row.seen_at = now() - timedelta(minutes=1)
    rotate(settings, store, only_reseal=False, wait=SHORT)


def test_a_key_set_from_the_environment_is_changed_there(
    settings: Settings, store: Store, keyring: Keyring
) -> None:
    apart = Keyring.from_json(Secret(settings.keyset_file.read_text()))
    extended = Keyring.from_json(apart.with_new_key())
    promoted = Keyring.from_json(extended.with_newest_primary())

    def given(keyset: Secret) -> Settings:
        return settings.model_copy(update={"keyset": _secret(keyset)})

    with pytest.raises(Conflict, match="not the primary one and restart everything") as caught:
        rotate(given(extended.with_newest_primary()), store, only_reseal=False)
    assert caught.value.code == "keyset_not_ours"
    show(store, extended, 7)
    with pytest.raises(Conflict, match="still seal with another"):
        rotate(given(extended.with_newest_primary()), store, only_reseal=True, wait=SHORT)
    show(store, promoted, 7)
    said = rotate(given(extended.with_newest_primary()), store, only_reseal=True, wait=SHORT)
    assert said.startswith(f"Key {promoted.primary_key_id} seals")


def _secret(keyset: Secret) -> object:
    return Settings.model_validate({"keyset": keyset.reveal()}).keyset


def test_of_two_commands_at_once_one_changes_the_key_set(settings: Settings, store: Store) -> None:
    with changing_keyset(settings), pytest.raises(Conflict) as caught:
        rotate(settings, store, only_reseal=False)
    assert caught.value.code == "keyset_busy"


def test_processes_at_work_open_all_that_the_others_seal(
    settings: Settings, store: Store, keyring: Keyring
) -> None:
    """Two processes exchange values while the key set is rotated under them three times."""
    other = Keyring.from_file(settings.keyset_file)
    is_over = Event()
    failures: list[CastlineError] = []
    exchanged = 0

    def exchange() -> None:
        nonlocal exchanged
        while not is_over.is_set():
            try:
                assert other.open(keyring.seal(b"x", b"here"), b"here") == b"x"
                assert keyring.open(other.seal(b"y", b"here"), b"here") == b"y"
            except CastlineError as error:
                failures.append(error)
            exchanged += 1

    working = Thread(target=exchange)
    working.start()
    for _ in range(3):
        rotate(settings, store, only_reseal=False)
    is_over.set()
    working.join()
    assert failures == []
    assert exchanged > 10
    present_id = Keyring.from_file(settings.keyset_file).primary_key_id
    keyring.seal(b"x", b"here")
    assert keyring.primary_key_id == present_id


def test_a_broken_file_leaves_the_keys_in_force(settings: Settings, keyring: Keyring) -> None:
    sealed = keyring.seal(b"x", b"here")
    for content in ("{", json.dumps({"key": []})):
        settings.keyset_file.write_text(content)
        assert keyring.open(keyring.seal(b"y", b"here"), b"here") == b"y"
        assert keyring.open(sealed, b"here") == b"x"
    settings.keyset_file.unlink()
    assert keyring.open(keyring.seal(b"y", b"here"), b"here") == b"y"
    settings.keyset_file.write_text(create_keyset().reveal())
    settings.keyset_file.chmod(0o644)
    assert keyring.open(sealed, b"here") == b"x"


@pytest.fixture
async def client(settings: Settings, keyring: Keyring) -> AsyncIterator[Client]:
    """Of a Temporal that has nothing but the Schedules, which are paused."""
    async with temporal_server() as address:
        client = await connect(settings.model_copy(update={"temporal_address": address}), keyring)
        await ensure_ready(client, "ins_1")
        await client.get_schedule_handle(CARE).pause()
        yield client


def pretend_replaced(store: Store, key_id: str, days: int) -> None:
    with store.write() as session:
        session.get_one(ReplacedKey, key_id).replaced_at = now() - timedelta(days=days)


async def test_a_key_is_retired_when_nothing_needs_it(
    settings: Settings, store: Store, keyring: Keyring, client: Client
) -> None:
    old = keyring.primary_key_id
    with pytest.raises(Conflict, match="is the primary one"):
        await retire(settings, store, client, old)
    with pytest.raises(NotFound, match="has no key 123"):
        await retire(settings, store, client, "123")
    rotate(settings, store, only_reseal=False)
    waiting = await start(client, "held")
    try:
        # Open, and of before: it may hold payloads of the key.
        with pytest.raises(Conflict, match=r"1 workflow runs from before .* for 30 days"):
            await retire(settings, store, client, old)
    finally:
        await waiting.terminate()
    # Closed, and still kept.
    with pytest.raises(Conflict, match="1 workflow runs"):
        await retire(settings, store, client, old)

    pretend_replaced(store, old, days=40)
    said = await retire(settings, store, client, old)
    assert f"Key {old} was removed from {settings.keyset_file}." in said
    assert "Backups of the database and of Temporal from before 20" in said
    assert Keyring.from_file(settings.keyset_file).key_ids == (keyring.primary_key_id,)
    # The Schedules were sealed again, and stay paused.
    fresh = await connect(
        settings.model_copy(update={"temporal_address": client.service_client.config.target_host}),
        Keyring.from_file(settings.keyset_file),
    )
    described = await fresh.get_schedule_handle("care").describe()
    assert described.schedule.state.paused
    assert old not in str(described.raw_description)


async def test_a_key_in_an_open_run_is_not_retired(
    settings: Settings, store: Store, keyring: Keyring, client: Client
) -> None:
    old = keyring.primary_key_id
    held = await start(client, "held")
    rotate(settings, store, only_reseal=False)
    pretend_replaced(store, old, days=40)
    with pytest.raises(Conflict, match="open workflow held holds a payload"):
        await retire(settings, store, client, old)
    await held.terminate()
    await retire(settings, store, client, old)


async def test_a_key_of_stored_values_is_not_retired(
    settings: Settings, store: Store, keyring: Keyring, client: Client
) -> None:
    old = keyring.primary_key_id
    apart = Vault(Keyring.from_json(Secret(settings.keyset_file.read_text())))
    rotate(settings, store, only_reseal=False)
    pretend_replaced(store, old, days=40)
    with store.write() as session:
        (workspace,) = workspaces.list_workspaces(session)
        endpoints.create_endpoint(
            session, apart, workspace_id=workspace.id, url="https://example.com/two"
        )
    with pytest.raises(Conflict, match="1 stored values are sealed with key"):
        await retire(settings, store, client, old)
    rotate(settings, store, only_reseal=True)
    await retire(settings, store, client, old)


async def test_a_key_whose_replacement_is_not_known_is_not_retired(
    settings: Settings, store: Store, keyring: Keyring, client: Client
) -> None:
    old = keyring.primary_key_id
    rotate(settings, store, only_reseal=False)
    with store.write() as session:
        session.delete(session.get_one(ReplacedKey, old))
    with pytest.raises(Conflict, match="not known since when"):
        await retire(settings, store, client, old)
    rotate(settings, store, only_reseal=True)
    await retire(settings, store, client, old)


async def start(client: Client, workflow_id: str) -> WorkflowHandle[Any, Any]:
    """A run that no worker takes."""
    return await client.start_workflow("Nothing", "argument", id=workflow_id, task_queue="nobody")
