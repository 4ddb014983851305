"""Alive, ready, and the start page."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from api.app import create_app
from api.context import Context
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
    empty = Store(f"sqlite:///{tmp_path / 'empty.db'}")
    absent = Store(f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.db'}")
    for store, expected in ((empty, ("ok", "missing")), (absent, ("unreachable", "unknown"))):
        async with client(create_app(replace(context, store=store))) as http:
            answer = await http.get("/readyz")
        parts = answer.json()["parts"]
        assert answer.status_code == 503
        assert (parts["database"], parts["migrations"]) == expected
        store.close()


async def test_the_start_page_leads_on(make_context: Callable[..., Context]) -> None:
    async with client(create_app(make_context(temporal_ui_url="http://127.0.0.1:9233"))) as http:
        page = await http.get("/")
        assert (await http.get("/docs")).status_code == 200
    assert 'href="http://127.0.0.1:9233"' in page.text
