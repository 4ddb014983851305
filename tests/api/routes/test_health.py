"""Alive, ready, and the start page."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
from anyio import to_thread
from sqlalchemy import Engine, event

from api.app import create_app
from api.context import Context
from runtime.health.finding import THREADS
from runtime.process_heartbeat import record
from store.engine import Store
from store.keyring import Keyring, ensure_keyset_file
from testkit.database import copy_sqlite
from tests.support.api import client
from tests.support.disks import fill, read_only_disk, small_disk
from tests.support.lifecycles import DirectedLifecycles


async def test_the_process_is_alive_whatever_is_missing(
    context: Context, lifecycles: DirectedLifecycles
) -> None:
    lifecycles.is_away = True
    async with client(create_app(context)) as http:
        answer = await http.get("/livez")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


async def look(context: Context) -> tuple[int, dict[str, Any]]:
    """The status of `/readyz` and its parts."""
    async with client(create_app(context)) as http:
        answer = await http.get("/readyz")
    parts: dict[str, Any] = answer.json()["parts"]
    assert (answer.json()["status"] == "ready") == (answer.status_code == 200)
    assert ("Retry-After" in answer.headers) == (answer.status_code == 503)
    for part in parts.values():
        assert (part["remedy"] is None) == (part["state"] in ("ok", "skipped"))
    return answer.status_code, parts


async def test_it_is_ready_when_everything_is_there(context: Context) -> None:
    status, parts = await look(context)
    assert status == 200
    assert list(parts) == ["database", "schema", "disk", "keySet", "temporal", "workers"]
    assert {part["state"] for part in parts.values()} == {"ok"}


async def test_without_temporal_the_api_accepts_and_a_warning_says_so(
    context: Context, lifecycles: DirectedLifecycles
) -> None:
    lifecycles.is_away = True
    status, parts = await look(context)
    assert status == 200
    assert parts["temporal"]["state"] == "warning"
    assert "Start Temporal" in parts["temporal"]["remedy"]
    assert "workers" not in parts


async def test_without_a_worker_the_api_accepts_and_a_warning_says_so(
    context: Context, lifecycles: DirectedLifecycles
) -> None:
    lifecycles.unpolled = ["castline-steps"]
    status, parts = await look(context)
    assert status == 200
    assert parts["workers"]["state"] == "warning"
    assert "castline-steps" in parts["workers"]["fact"]
    assert parts["workers"]["remedy"] == "Start a worker: castline worker"


async def test_without_a_database_it_is_not_ready(context: Context, tmp_path: Path) -> None:
    absent = Store(f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.db'}")
    status, parts = await look(replace(context, store=absent))
    assert (status, parts["database"]["state"], parts["schema"]["state"]) == (
        503,
        "failed",
        "skipped",
    )
    assert str(tmp_path) not in str(parts)
    absent.close()


async def test_an_old_or_a_newer_schema_is_not_ready(context: Context, tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    store = Store(f"sqlite:///{tmp_path / 'empty.db'}")
    status, parts = await look(replace(context, store=store))
    assert (status, parts["database"]["state"]) == (503, "ok")
    assert parts["schema"]["remedy"] == "castline migrate"
    store.migrate()
    expected = store.schema_versions().expected
    with closing(sqlite3.connect(tmp_path / "empty.db", isolation_level=None)) as database:
        database.execute("UPDATE alembic_version SET version_num = '0001'")
        status, parts = await look(replace(context, store=store))
        assert (status, parts["schema"]["remedy"]) == (503, "castline migrate")
        assert parts["schema"]["fact"] == f"version 0001; version {expected} is expected"
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        status, parts = await look(replace(context, store=store))
    assert status == 503
    assert "Run that version" in parts["schema"]["remedy"]
    store.close()


async def test_a_database_that_is_read_and_takes_no_writes_is_not_ready(context: Context) -> None:
    path = context.settings.data_dir / "castline.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON process "
            "BEGIN SELECT RAISE(ABORT, 'geheim'); END"
        )
        record("prc_1", "api", context.store, context.keyring, context.heartbeat)
        status, parts = await look(context)
        assert (status, "takes no writes" in parts["database"]["fact"]) == (503, True)
        assert parts["schema"]["state"] == "ok"
        assert "geheim" not in str(parts)
        database.execute("DROP TRIGGER refuse")
    record("prc_1", "api", context.store, context.keyring, context.heartbeat)
    assert (await look(context))[0] == 200


async def test_a_database_on_a_disk_that_takes_no_writes_is_not_ready(context: Context) -> None:
    with read_only_disk(context.settings.data_dir):
        record("prc_1", "api", context.store, context.keyring, context.heartbeat)
        status, parts = await look(context)
    assert (status, parts["database"]["state"]) == (503, "failed")
    assert str(context.settings.data_dir) not in str(parts)
    record("prc_1", "api", context.store, context.keyring, context.heartbeat)
    assert (await look(context))[0] == 200


async def test_a_full_disk_under_the_database_is_not_ready(
    make_context: Callable[..., Context],
) -> None:
    context = make_context(ready_floor_mib=0)
    folder = context.settings.data_dir / "small"
    with small_disk(folder) as resize:
        resize(4)
        copy_sqlite(context.settings.data_dir / "castline.db", folder / "castline.db")
        store = Store(f"sqlite:///{folder / 'castline.db'}")
        filling = fill(folder)
        record("prc_1", "api", store, context.keyring, context.heartbeat)
        status, parts = await look(replace(context, store=store))
        assert (status, parts["database"]["fact"]) == (503, "has no room: its disk is full")
        filling.unlink()
        record("prc_1", "api", store, context.keyring, context.heartbeat)
        assert (await look(replace(context, store=store)))[0] == 200
        store.close()


async def test_little_free_space_under_the_database_is_not_ready(
    make_context: Callable[..., Context],
) -> None:
    status, parts = await look(make_context(ready_floor_mib=2**40))
    assert (status, parts["disk"]["state"]) == (503, "failed")
    assert parts["disk"]["fact"].startswith("the folder of the database has only ")
    assert parts["disk"]["remedy"] == "Free space on its disk."


async def test_little_free_space_beside_another_database_is_a_warning(
    make_context: Callable[..., Context],
) -> None:
    elsewhere = "postgresql+psycopg://castline@db.example.com/castline"
    context = make_context(ready_floor_mib=2**40, database_url=elsewhere)
    status, parts = await look(context)
    assert (status, parts["disk"]["state"]) == (200, "warning")


async def test_without_the_key_set_it_is_not_ready(context: Context) -> None:
    path = context.settings.keyset_file
    ensure_keyset_file(path)
    here = replace(context, keyring=Keyring.from_file(path))
    assert (await look(here))[0] == 200
    kept = path.read_text()
    path.unlink()
    status, parts = await look(here)
    assert (status, parts["keySet"]["fact"]) == (503, "the key set file cannot be read")
    assert str(path) not in str(parts)
    ensure_keyset_file(path)
    status, parts = await look(here)
    assert (status, parts["keySet"]["fact"]) == (
        503,
        "the key set file has lost the key that seals",
    )
    path.write_text(kept)
    assert (await look(here))[0] == 200


async def test_readiness_answers_while_every_thread_is_taken(context: Context) -> None:
    go_on = threading.Event()
    async with client(create_app(context)) as http, anyio.create_task_group() as busy:
        for _ in range(200):
            busy.start_soon(to_thread.run_sync, go_on.wait, 60)
        try:
            limiter = to_thread.current_default_thread_limiter()
            while limiter.available_tokens:  # noqa: ASYNC110  # a limiter has no event for it
                await asyncio.sleep(0.01)
            answer = await asyncio.wait_for(http.get("/readyz"), 20)
            alive = await asyncio.wait_for(http.get("/livez"), 20)
        finally:
            go_on.set()
    assert (answer.status_code, alive.status_code) == (200, 200)


async def test_readiness_answers_while_the_database_hangs(context: Context) -> None:
    go_on = threading.Event()

    def hang(*_: object) -> None:
        go_on.wait(60)

    async with client(create_app(context)) as http:
        event.listen(Engine, "before_cursor_execute", hang)
        try:
            # More than there are threads for it: what hangs is not waited for either.
            answers = await asyncio.wait_for(
                asyncio.gather(*(http.get("/readyz") for _ in range(3 * THREADS))), 40
            )
        finally:
            go_on.set()
            event.remove(Engine, "before_cursor_execute", hang)
    assert {answer.status_code for answer in answers} == {503}
    assert {answer.json()["parts"]["database"]["state"] for answer in answers} == {"failed"}


async def test_what_supervisors_ask_is_exempt_from_rates(
    make_context: Callable[..., Context],
) -> None:
    async with client(create_app(make_context(rate_per_address=1))) as http:
        answers = [await http.get(path) for path in ("/livez", "/readyz") * 5]
    assert {answer.status_code for answer in answers} == {200}


async def test_the_start_page_leads_on(make_context: Callable[..., Context]) -> None:
    async with client(create_app(make_context(temporal_ui_url="http://127.0.0.1:9233"))) as http:
        page = await http.get("/")
        assert (await http.get("/docs")).status_code == 200
    assert 'href="http://127.0.0.1:9233"' in page.text
