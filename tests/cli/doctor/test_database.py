"""What the doctor says of the database, its clock, the running processes and connections."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from cli.doctor.clocks import judge_clock
from domain.health import HEALTHY, Clocks, Health
from domain.states import ConnectionHealth, TokenLife
from runtime.health.finding import State
from runtime.settings import Settings
from store.engine import Store
from store.keyring import Keyring, create_keyset
from store.queries.access import connections
from store.queries.processes import record_process
from store.tables import Process
from testkit.database import Cluster
from tests.cli.doctor.conftest import Installation
from tests.support.doctor import look, look_at

Choose = Callable[..., Settings]


async def test_a_database_is_read_and_written(chosen: Choose, installation: Installation) -> None:
    database, schema = await look(chosen(), "database")
    assert (database.state, database.fact) == (State.OK, "can be read and written")
    expected = installation.store.schema_versions().expected
    assert schema.fact == f"version {expected}"
    with installation.store.read() as session:
        assert not session.exec(select(Process)).all(), "the row that was tried has stayed"
    assert dict(schema.figures) == {"found": expected, "expected": expected}


def databases_in(folder: Path) -> list[Path]:
    return list(folder.rglob("*.db"))


async def test_a_database_that_is_not_there_is_not_made(chosen: Choose, tmp_path: Path) -> None:
    database, schema = await look(chosen(), "database")
    assert (database.state, database.fact) == (
        State.FAILED,
        f"{tmp_path}/castline.db is not there",
    )
    assert "castline restore" in (database.remedy or "")
    assert schema.state is State.SKIPPED
    elsewhere = chosen(database_url=f"sqlite:///{tmp_path}/other/own.db")
    assert (await look(elsewhere, "database"))[0].fact == f"{tmp_path}/other/own.db is not there"
    for subject in ("database clock", "processes", "connections", "open work", "stuck work"):
        assert (await look_at(chosen(), subject)).state is State.SKIPPED
    assert databases_in(tmp_path) == []


@pytest.mark.parametrize(
    "url",
    ["postgresql+psycopg://castline:geheim@127.0.0.1:9/castline", "sqlite:////proc/self/status"],
)
async def test_a_database_that_cannot_be_read_is_named_without_its_password(
    chosen: Choose, url: str
) -> None:
    database, _ = await look(chosen(database_url=url), "database")
    assert database.state is State.FAILED
    assert database.remedy is not None
    assert "geheim" not in str(database)


async def test_the_version_of_the_schema_is_compared(
    chosen: Choose, installation: Installation, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "castline.db", isolation_level=None)) as database:
        database.execute("UPDATE alembic_version SET version_num = '0001'")
        old = await look_at(chosen(), "database", "schema")
        assert (old.state, old.remedy, old.figures["found"]) == (
            State.FAILED,
            "castline migrate",
            "0001",
        )
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        newer = await look_at(chosen(), "database", "schema")
    assert newer.state is State.FAILED
    assert "newer Castline" in str(newer.remedy)
    assert (await look_at(chosen(), "processes")).state is State.SKIPPED


async def test_a_database_that_takes_no_writes_has_failed(
    chosen: Choose, installation: Installation, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "castline.db", isolation_level=None)) as database:
        database.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON process "
            "BEGIN SELECT RAISE(ABORT, 'geheim'); END"
        )
    found = await look_at(chosen(), "database", "database")
    assert (found.state, "takes no writes" in found.fact) == (State.FAILED, True)
    assert "geheim" not in str(found)


async def test_the_clock_of_a_database_elsewhere_is_compared(
    chosen: Choose, installation: Installation, cluster: Cluster
) -> None:
    assert (await look_at(chosen(), "database clock")).state is State.SKIPPED
    clock = await look_at(chosen(database_url=cluster.create_migrated()), "database clock")
    assert (clock.state, clock.figures["skewSeconds"]) == (State.OK, 0.0)


@pytest.mark.parametrize(
    ("seconds", "state"),
    [(0, State.OK), (4, State.OK), (-30, State.WARNING), (30, State.WARNING), (90, State.FAILED)],
)
def test_a_clock_is_judged_by_its_distance(seconds: int, state: State) -> None:
    ours = datetime.now(UTC)
    finding = judge_clock("a clock", ours + timedelta(seconds=seconds), before=ours, after=ours)
    assert finding.state is state
    assert finding.figures["skewSeconds"] == seconds
    if state is not State.OK:
        assert ("behind" in finding.fact) == (seconds < 0)


def test_a_slow_answer_is_no_skew() -> None:
    began = datetime.now(UTC)
    theirs = began + timedelta(seconds=90)
    slow = judge_clock("a clock", theirs, before=began, after=began + timedelta(minutes=2))
    assert slow.state is State.OK


async def test_without_a_worker_the_processes_have_failed(
    chosen: Choose, installation: Installation
) -> None:
    none = await look_at(chosen(), "processes")
    assert (none.state, none.fact) == (State.FAILED, "no worker runs; running: none")
    run(installation.store, "api")
    assert "running: api 7 on here" in (await look_at(chosen(), "processes")).fact
    run(installation.store, "worker")
    both = await look_at(chosen(), "processes")
    assert (both.state, dict(both.figures)) == (State.OK, {"api": 1, "worker": 1})


def run(store: Store, role: str) -> None:
    keyring = Keyring.from_json(create_keyset())
    with store.write() as session:
        record_process(session, id=f"prc_{role}", role=role, host="here", pid=7, keyring=keyring)


def connect(here: Installation, clocks: list[Clocks], *, broken: int) -> None:
    """A connection for each of the clocks; the first ones need a person."""
    with here.store.write() as session:
        for number, clock in enumerate(clocks):
            connections.ensure_connection(
                session,
                workspace_id=here.workspace.id,
                platform="youtube",
                account_id="UC1" if number == 0 else f"UC-{number}",
                name="A channel",
                handle=None,
                thumbnail_url=None,
                scopes=[],
                clocks=clock,
                health=Health(ConnectionHealth.NEEDS_REAUTH) if number < broken else HEALTHY,
            )


async def test_connections_that_need_a_person_are_counted(
    chosen: Choose, installation: Installation
) -> None:
    connect(installation, [Clocks(TokenLife.RENEWED)] * 3, broken=1)
    finding = await look_at(chosen(), "connections")
    assert (finding.state, finding.fact) == (State.OK, "3, of which 1 need a person")


async def test_a_consent_screen_in_testing_is_a_warning(
    chosen: Choose, installation: Installation
) -> None:
    week = Clocks(TokenLife.RENEWED, grant_expires_at=datetime.now(UTC) + timedelta(days=7))
    connect(installation, [Clocks(TokenLife.RENEWED), week, week], broken=0)
    finding = await look_at(chosen(), "connections")
    assert finding.state is State.WARNING
    assert finding.fact.startswith("3, of which 0 need a person; 2 end seven days")
    assert "Publish the app" in str(finding.remedy)
