"""The users of deploy/postgresql/users.sql, on a real cluster: neither may do or see too much."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from store.engine import Store
from testkit.database import Cluster, empty_cluster
from testkit.required import program

SCRIPT = Path(__file__).parents[2] / "deploy" / "postgresql" / "users.sql"
DATABASES = {
    "castline": {"castline"},
    "temporal": {"temporal", "temporal_visibility"},
}
PASSWORDS = {"castline": "castline1", "temporal": "temporal2"}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    psql = program("psql")
    with empty_cluster(superuser="postgres") as cluster:
        given = {
            f"POSTGRES_{user.upper()}_PASSWORD": password for user, password in PASSWORDS.items()
        }
        # As the image's entry point calls it.
        subprocess.run(
            [
                *(psql, "-v", "ON_ERROR_STOP=1", "--no-psqlrc", "--no-password", "-q"),
                *("-h", str(cluster.socket), "-U", "postgres", "-d", "postgres"),
                *("-f", str(SCRIPT)),
            ],
            env={**os.environ, **given},
            check=True,
        )
        yield cluster


def connect(cluster: Cluster, user: str, database: str) -> psycopg.Connection[Any]:
    address = f"host={cluster.socket} user={user} dbname={database}"
    return psycopg.connect(address, autocommit=True)


@pytest.mark.parametrize("user", DATABASES)
def test_neither_has_rights_over_the_server(cluster: Cluster, user: str) -> None:
    rights = "rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls"
    with connect(cluster, "postgres", "postgres") as db:
        found = db.execute(f"SELECT {rights} FROM pg_roles WHERE rolname = %s", [user]).fetchone()
        member = db.execute(
            "SELECT count(*) FROM pg_auth_members WHERE member = %s::regrole", [user]
        ).fetchone()
    assert found == (False,) * 5
    assert member == (0,)
    with connect(cluster, user, user) as db:
        for statement in (
            "CREATE DATABASE other",
            "CREATE ROLE other",
            "COPY (SELECT 1) TO PROGRAM 'true'",
            "SELECT pg_read_file('/etc/passwd')",
            "SELECT rolpassword FROM pg_authid",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                db.execute(statement.encode())


@pytest.mark.parametrize("user", DATABASES)
def test_each_opens_its_own_databases_and_no_other(cluster: Cluster, user: str) -> None:
    with connect(cluster, "postgres", "postgres") as db:
        every = {row[0] for row in db.execute("SELECT datname FROM pg_database WHERE datallowconn")}
    assert every > DATABASES["castline"] | DATABASES["temporal"]
    for database in every - DATABASES[user]:
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            connect(cluster, user, database)
    for database in DATABASES[user]:
        with connect(cluster, user, database) as db:
            db.execute("CREATE TABLE mine (id int)")
            db.execute("DROP TABLE mine")


def test_each_has_the_password_of_its_own(cluster: Cluster) -> None:
    with connect(cluster, "postgres", "postgres") as db:
        rows = db.execute(
            "SELECT rolname, rolpassword FROM pg_authid WHERE rolname = ANY(%s)",
            [list(PASSWORDS)],
        )
        stored = dict(rows.fetchall())
    assert stored.keys() == PASSWORDS.keys()
    assert len(set(stored.values())) == 2
    for user, kept in stored.items():
        assert kept.startswith("SCRAM-SHA-256$")
        assert PASSWORDS[user] not in kept


def test_castline_migrates_its_database(cluster: Cluster) -> None:
    store = Store(f"postgresql+psycopg://castline@/castline?host={cluster.socket}")
    store.migrate()
    assert store.is_current()
    store.close()


def test_temporal_may_have_the_extension_that_its_schema_makes(cluster: Cluster) -> None:
    with connect(cluster, "temporal", "temporal_visibility") as db:
        db.execute("CREATE EXTENSION IF NOT EXISTS btree_gin")
