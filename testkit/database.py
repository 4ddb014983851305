"""Databases for tests: a SQLite file, or a PostgreSQL cluster of our own.

The cluster lives in a temporary folder behind a Unix socket, so that it meets no other
one, and each test gets a database copied from a migrated template. Where PostgreSQL is
not installed its tests are skipped, or fail when CASTLINE_REQUIRE_ALL=1 asks for all.
"""

import os
import pwd
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic
from uuid import uuid4

import psycopg

from store.engine import Store
from testkit.required import unavailable

_TEMPLATE = "migrated"
_ROLE = "castline"


class Cluster:
    """A running PostgreSQL cluster."""

    def __init__(self, socket_folder: Path, control: Callable[[str], None]) -> None:
        self.socket = socket_folder
        self._control = control

    def become_standby(self) -> None:
        """Be read-only from now on, as a server that follows another one."""
        self._control("stop")
        signal = self.socket / "data" / "standby.signal"
        signal.touch()
        shutil.chown(signal, signal.parent.stat().st_uid)
        self._control("start")

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://{_ROLE}@/{database}?host={self.socket}"

    def create_database(self, template: str = "template0") -> str:
        """Create an empty database, or a copy of another one, and return its URL."""
        name = f"test_{uuid4().hex}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def create_migrated(self) -> str:
        """Create a database that has the current schema, and return its URL."""
        return self.create_database(_TEMPLATE)

    def make_template(self) -> None:
        self.run(f"CREATE DATABASE {_TEMPLATE}")
        store = Store(self.url(_TEMPLATE))
        store.migrate()
        store.close()

    def run(self, statement: str) -> None:
        """Execute what concerns the cluster as a whole, such as a database or a role."""
        address = f"host={self.socket} user={_ROLE} dbname=postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement.encode())


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy an SQLite database that others may have open."""
    target.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(source)) as database:
        database.execute("VACUUM INTO ?", (str(target),))


@contextmanager
def postgres_cluster() -> Iterator[Cluster]:
    """A private cluster with the migrated template. Skips the test where there is none."""
    with empty_cluster(superuser=_ROLE) as cluster:
        cluster.make_template()
        yield cluster


@contextmanager
def empty_cluster(*, superuser: str) -> Iterator[Cluster]:
    """Start a private cluster and end it. Skips the test where there is no PostgreSQL."""
    programs = _programs()
    owner = _owner()
    # Not pytest's own folder: its path is too long for a socket, and closed to the owner.
    folder = Path(tempfile.mkdtemp(prefix="castline-pg-"))
    if owner is not None:
        shutil.chown(folder, owner)
    data = folder / "data"

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [programs / program, "-D", data, *arguments],
            user=owner,
            extra_groups=None if owner is None else [],
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    options = f"-k {folder} -c listen_addresses='' -c fsync=off"

    def control(way: str) -> None:
        if way == "start":
            log = str(folder / "log")
            run("pg_ctl", "start", "--wait", "--log", log, "--options", options)
        else:
            run("pg_ctl", "stop", "--wait", "--mode", "fast")

    try:
        run(
            "initdb", f"--username={superuser}", "--auth=trust", "--no-sync", "-EUTF8", "--locale=C"
        )
        control("start")
        try:
            yield Cluster(folder, control)
        finally:
            run("pg_ctl", "stop", "--wait", "--mode", "immediate")
    finally:
        shutil.rmtree(folder)


def _programs() -> Path:
    on_path = shutil.which("initdb")
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if on_path is not None:
        return Path(on_path).parent
    if installed:
        return installed[-1].parent
    return unavailable("PostgreSQL is not installed")


def _owner() -> str | None:
    """Whom to run as: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    for name in ("postgres", "nobody"):
        if name in names:
            return name
    return unavailable("PostgreSQL refuses root, and there is no unprivileged user")


def await_waiter(url: str) -> None:
    """Return when somebody waits for a row; on SQLite a writer holds everything anyway."""
    if url.startswith("sqlite"):
        return
    address = url.replace("+psycopg", "")
    waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    deadline = monotonic() + 10
    with psycopg.connect(address, autocommit=True) as watcher:
        while watcher.execute(waiting).fetchone() is None:
            assert monotonic() < deadline, "nobody waits"
