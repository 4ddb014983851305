"""Alive, ready, and the start page."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import anyio
from anyio import to_thread
from sqlalchemy import Engine, event

from api.app import create_app
from api.context import Context
from api.routes.health import LOOKS_AT_ONCE
from store.engine import Store
from tests.support.api import client
from tests.support.lifecycles import DirectedLifecycles


async def test_the_process_is_alive_whatever_is_missing(
    context: Context, lifecycles: DirectedLifecycles
) -> None:
    lifecycles.is_away = True
    async with client(create_app(context)) as http:
        answer = await http.get("/livez")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


async def test_it_is_ready_when_everything_is_there(context: Context) -> None:
    async with client(create_app(context)) as http:
        answer = await http.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")


async def test_it_is_not_ready_without_temporal(
    context: Context, lifecycles: DirectedLifecycles
) -> None:
    lifecycles.is_away = True
    async with client(create_app(context)) as http:
        answer = await http.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["parts"] == {
        "database": "ok",
        "migrations": "ok",
        "temporal": "unreachable",
    }


async def test_it_is_not_ready_without_migrations_or_database(
    context: Context, tmp_path: Path
) -> None:
    (tmp_path / "empty.db").touch()
    empty = Store(f"sqlite:///{tmp_path / 'empty.db'}")
    absent = Store(f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.db'}")
    for store, expected in ((empty, ("ok", "missing")), (absent, ("unreachable", "unknown"))):
        async with client(create_app(replace(context, store=store))) as http:
            answer = await http.get("/readyz")
        parts = answer.json()["parts"]
        assert answer.status_code == 503
        assert (parts["database"], parts["migrations"]) == expected
        store.close()


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
                asyncio.gather(*(http.get("/readyz") for _ in range(3 * LOOKS_AT_ONCE))), 40
            )
        finally:
            go_on.set()
            event.remove(Engine, "before_cursor_execute", hang)
    assert {answer.status_code for answer in answers} == {503}
    assert {answer.json()["parts"]["database"] for answer in answers} == {"unreachable"}


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
