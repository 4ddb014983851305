"""What the machine does to the database and to the disks is an answer: 503 or 507, never 500."""

import errno
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import httpx2
import psycopg
import pytest
from fastapi import FastAPI
from sqlalchemy import event

from api import outages
from api.context import Context
from store.engine import Store
from testkit.database import Cluster, copy_sqlite, postgres_cluster
from tests.api.routes.v1.test_files import CONTENT, add, announce, file_of, offset_of
from tests.support.api import CALLER_PAGE, HOOK, DirectedYouTube, Tenant, client, tenant_of
from tests.support.disks import fill, small_disk
from tests.support.proxy import DatabaseProxy
from tests.support.stack import eventually

ORGANIZATIONS = "/api/v1/organizations"
PATIENCE = 2.0
NAME = {"name": "Bakery"}


def assert_unavailable(answer: httpx2.Response) -> None:
    body = answer.json()
    assert (answer.status_code, body["code"]) == (503, "database_unavailable"), body
    assert int(answer.headers["Retry-After"]) >= 1
    assert body["remedy"] == "wait"


def assert_full(answer: httpx2.Response) -> None:
    assert (answer.status_code, answer.json()["code"]) == (507, "disk_full"), answer.text
    assert answer.json()["remedy"] == "operator"


@pytest.fixture
def proxy(cluster: Cluster) -> Iterator[DatabaseProxy]:
    proxy = DatabaseProxy(cluster.socket / ".s.PGSQL.5432")
    yield proxy
    proxy.close()


@contextmanager
def on_store(app: FastAPI, context: Context, url: str) -> Iterator[None]:
    """The application on another database."""
    store = Store(url, context.vault, patience=PATIENCE)
    app.state.context = replace(context, store=store)
    yield
    store.close()


@pytest.fixture
async def behind(
    app: FastAPI, context: Context, cluster: Cluster, proxy: DatabaseProxy
) -> AsyncIterator[Tenant]:
    """A tenant on a PostgreSQL behind the proxy."""
    name = cluster.create_migrated().partition("@/")[2].partition("?")[0]
    url = f"postgresql+psycopg://castline:geheim@127.0.0.1:{proxy.port}/{name}"
    with on_store(app, context, url):
        tenant = tenant_of(app, "ours")
        async with tenant.http:
            yield tenant


@pytest.mark.parametrize("way", ["refuse", "reset", "hang", "start"])
async def test_a_database_that_is_away_is_503_and_then_everything_works_again(
    behind: Tenant, proxy: DatabaseProxy, way: str, caplog: pytest.LogCaptureFixture
) -> None:
    outages._logged.clear()
    proxy.behave(way)
    assert_unavailable(await behind.http.get(ORGANIZATIONS))
    assert_unavailable(await behind.http.post(ORGANIZATIONS, json=NAME))
    (line,) = [each for each in caplog.messages if "database_unavailable" in each]
    assert f"127.0.0.1:{proxy.port}" in line
    assert "geheim" not in caplog.text
    proxy.behave("pass")
    assert (await behind.http.post(ORGANIZATIONS, json=NAME)).status_code == 201
    listed = (await behind.http.get(ORGANIZATIONS)).json()["items"]
    assert [item["name"] for item in listed] == ["Bakery"]


async def test_a_browser_is_shown_a_page_while_the_database_is_away(
    behind: Tenant, app: FastAPI, proxy: DatabaseProxy
) -> None:
    proxy.behave("refuse")
    async with client(app, {"Accept": "text/html"}) as browser:
        page = await browser.get("/api/v1/oauth/youtube/authorize?ticket=tkt_1")
    assert page.status_code == 503
    assert page.headers["Retry-After"]
    assert "database is not available" in page.text


def limited(cluster: Cluster, *options: str) -> str:
    """The URL of a migrated database for a user who is no superuser."""
    url = cluster.create_migrated()
    cluster.run("DROP ROLE IF EXISTS small")
    cluster.run("CREATE ROLE small LOGIN")
    for option in options:
        cluster.run(option)
    cluster.run("GRANT pg_read_all_data, pg_write_all_data TO small")
    return url.replace("castline@", "small@")


async def test_too_many_connections_are_503(
    app: FastAPI, context: Context, cluster: Cluster
) -> None:
    url = limited(cluster, "ALTER ROLE small CONNECTION LIMIT 1")
    with on_store(app, context, url):
        tenant = tenant_of(app, "ours")
        tenant.context.store.close()
        async with tenant.http:
            with psycopg.connect(url.replace("+psycopg", "")):
                assert_unavailable(await tenant.http.get(ORGANIZATIONS))
            # PostgreSQL frees the place a moment after the other one has gone.
            await eventually(
                lambda: tenant.http.get(ORGANIZATIONS), lambda answer: answer.status_code == 200
            )


async def test_a_standby_is_read_and_answers_each_write_with_503(
    app: FastAPI, context: Context
) -> None:
    with postgres_cluster() as cluster, on_store(app, context, cluster.create_migrated()):
        tenant = tenant_of(app, "ours")
        tenant.context.store.close()
        cluster.become_standby()
        async with tenant.http as http:
            # A connection of the pool that has not read, and one that has.
            assert_unavailable(await http.post(ORGANIZATIONS, json=NAME))
            assert (await http.get(ORGANIZATIONS)).status_code == 200
            assert_unavailable(await http.post(ORGANIZATIONS, json=NAME))


@pytest.fixture
async def on_file(app: FastAPI, context: Context) -> AsyncIterator[Tenant]:
    """A tenant on an SQLite file of its own, with a short patience."""
    path = context.settings.data_dir / "own" / "castline.db"
    copy_sqlite(context.settings.data_dir / "castline.db", path)
    with on_store(app, context, f"sqlite:///{path}"):
        tenant = tenant_of(app, "ours")
        async with tenant.http:
            yield tenant


def file_under(tenant: Tenant) -> Path:
    return tenant.context.settings.data_dir / "own" / "castline.db"


async def test_a_database_that_another_process_has_locked_is_503(on_file: Tenant) -> None:
    with closing(sqlite3.connect(file_under(on_file), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert_unavailable(await on_file.http.post(ORGANIZATIONS, json=NAME))
        assert (await on_file.http.get(ORGANIZATIONS)).status_code == 200
    assert (await on_file.http.post(ORGANIZATIONS, json=NAME)).status_code == 201


async def test_a_database_whose_file_is_gone_is_503_and_no_other_one_is_made(
    on_file: Tenant, context: Context
) -> None:
    path = file_under(on_file)
    kept = path.rename(path.with_name("kept.db"))
    # A connection that has the file open would write to it, and nobody would find it again.
    assert_unavailable(await on_file.http.post(ORGANIZATIONS, json=NAME))
    assert_unavailable(await on_file.http.get(ORGANIZATIONS))
    assert not path.exists()
    kept.rename(path)
    assert (await on_file.http.post(ORGANIZATIONS, json=NAME)).status_code == 201


async def test_a_file_that_is_no_database_is_503(on_file: Tenant) -> None:
    path = file_under(on_file)
    path.unlink()
    path.write_bytes(b"This is not a database, but it is long enough." * 100)
    assert_unavailable(await on_file.http.get(ORGANIZATIONS))
    assert_unavailable(await on_file.http.post(ORGANIZATIONS, json=NAME))


async def test_a_full_disk_is_507_at_every_write_and_reads_go_on(
    app: FastAPI, context: Context
) -> None:
    folder = context.settings.data_dir / "own"
    with small_disk(folder) as resize:
        resize(8)
        copy_sqlite(context.settings.data_dir / "castline.db", folder / "castline.db")
        with on_store(app, context, f"sqlite:///{folder / 'castline.db'}"):
            tenant = tenant_of(app, "ours")
            assignment = tenant.assignment()
            ticket = {"platform": "youtube", "redirectUrl": CALLER_PAGE}
            order = {
                "connectionId": assignment.connection_id,
                "videoId": assignment.video_id,
                "payload": {"title": "A clip"},
            }
            writes = [
                ("POST", ORGANIZATIONS, NAME),
                ("POST", "/api/v1/oauth/tickets", ticket),
                ("POST", "/api/v1/assignments", order),
                ("POST", "/api/v1/webhooks/endpoints", {"url": HOOK}),
            ]
            filling = fill(folder)
            async with tenant.http as http:
                for method, path, body in writes:
                    assert_full(await http.request(method, path, json=body))
                listed = await http.get(f"/api/v1/assignments/{assignment.id}")
                assert listed.status_code == 200
                filling.unlink()
                for method, path, body in writes:
                    assert (await http.request(method, path, json=body)).status_code == 201


async def test_a_database_that_may_not_grow_is_507(on_file: Tenant) -> None:
    with on_file.context.store.write() as session:
        pages = session.connection().exec_driver_sql("PRAGMA page_count").scalar()
    store = on_file.context.store

    def bound(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")

    store.close()
    event.listen(store._engine, "connect", bound)
    answers = [
        await on_file.http.post(ORGANIZATIONS, json={"name": f"{number} " + "x" * 100})
        for number in range(200)
    ]
    assert_full(answers[-1])
    assert {answer.status_code for answer in answers} <= {201, 507}


async def test_an_upload_and_its_row_on_one_full_disk_say_the_truth(
    app: FastAPI, make_context: Callable[..., Context], tmp_path: Path
) -> None:
    folder = tmp_path / "disk"
    with small_disk(folder) as resize:
        resize(8)
        context = make_context(storage_floor_mib=0)
        copy_sqlite(context.settings.data_dir / "castline.db", folder / "castline.db")
        context = replace(
            context, settings=context.settings.model_copy(update={"data_dir": folder})
        )
        with on_store(app, context, f"sqlite:///{folder / 'castline.db'}"):
            tenant = tenant_of(app, "ours")
            content = CONTENT * (1 + (9 << 20) // len(CONTENT))
            async with tenant.http:
                path = await announce(tenant, len(content))
                assert_full(await add(tenant, path, 0, content))
                stored = await offset_of(tenant, path)
                assert file_of(tenant, path).read_bytes()[:stored] == content[:stored]
                resize(32)
                rest = await add(tenant, path, stored, content[stored:])
                assert rest.status_code == 204
                assert file_of(tenant, path).read_bytes() == content


@pytest.mark.parametrize(
    ("number", "status", "code"),
    [
        (errno.ENOSPC, 507, "disk_full"),
        (errno.EDQUOT, 507, "disk_full"),
        (errno.EMFILE, 503, "resources_exhausted"),
        (errno.ENOMEM, 503, "resources_exhausted"),
        (errno.EROFS, 503, "storage_failed"),
        (errno.EIO, 503, "storage_failed"),
    ],
)
async def test_what_the_system_refuses_is_not_a_500(
    ours: Tenant, youtube: DirectedYouTube, number: int, status: int, code: str
) -> None:
    youtube.answer = OSError(number, "refused", "/tmp/file")
    answer = await ours.http.get(f"/api/v1/connections/{ours.connection().id}/channel")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert ("Retry-After" in answer.headers) == (status == 503)


async def test_another_error_of_the_system_is_still_a_500(
    ours: Tenant, youtube: DirectedYouTube
) -> None:
    youtube.answer = OSError(errno.EINVAL, "a mistake of ours")
    answer = await ours.http.get(f"/api/v1/connections/{ours.connection().id}/channel")
    assert answer.status_code == 500


async def test_an_outage_is_one_line_of_the_log_and_not_one_of_each_request(
    on_file: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    outages._logged.clear()
    file_under(on_file).rename(file_under(on_file).with_name("kept.db"))
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            assert_unavailable(await on_file.http.get(ORGANIZATIONS))
    (line,) = [each for each in caplog.messages if "database_unavailable" in each]
    assert "is not there" in line
