"""The database of a run: where it lies, and how it is copied without Castline's own commands.

SQLite lies in the data folder. PostgreSQL gets a cluster of its own, and where the disk is small
the database lies in a tablespace on it: a full disk then fails its statements and leaves the
server up.
"""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url

from chaos.disk import Disk
from testkit.database import Cluster, postgres_cluster

_COPY = "database"


@dataclass(frozen=True, slots=True)
class Database:
    """A SQLite file, or a PostgreSQL database by its URL."""

    file: Path
    url: str | None = None

    def copy(self, folder: Path) -> None:
        """Copy what is committed now to `folder`, which must exist. Others may write meanwhile."""
        if self.url is not None:
            _postgres("pg_dump", self.url, "--format=custom", f"--file={folder / _COPY}")
            return
        source, copy = sqlite3.connect(self.file), sqlite3.connect(folder / _COPY)
        try:
            source.backup(copy)
        finally:
            source.close()
            copy.close()

    def put_back(self, folder: Path) -> None:
        """Replace the database by the copy. Nobody else may use it meanwhile."""
        if self.url is not None:
            _postgres("pg_restore", self.url, "--clean", "--if-exists", str(folder / _COPY))
            return
        for rest in self.file.parent.glob(f"{self.file.name}-*"):
            rest.unlink()
        shutil.copyfile(folder / _COPY, self.file)


@contextmanager
def database(asked: str, data: Path, disk: Disk) -> Iterator[Database]:
    """`asked` is sqlite, postgresql, or the URL of an empty PostgreSQL database."""
    file = data / "castline.db"
    match asked:
        case "sqlite":
            yield Database(file)
        case "postgresql":
            with postgres_cluster() as cluster:
                yield Database(file, _create_on(disk, cluster))
        case url:
            yield Database(file, url)


def _create_on(disk: Disk, cluster: Cluster) -> str:
    url = cluster.create_database()
    if not disk.is_small:
        return url
    folder = disk.folder / "pg"
    folder.mkdir(mode=0o700)
    shutil.chown(folder, cluster.socket.owner())
    cluster.run(f"CREATE TABLESPACE small LOCATION '{folder}'")
    cluster.run(f"ALTER DATABASE {make_url(url).database} SET TABLESPACE small")
    return url


def _postgres(program: str, url: str, *arguments: str) -> None:
    address = make_url(url).set(drivername="postgresql")
    password = {"PGPASSWORD": address.password} if address.password else {}
    name = address.set(password=None).render_as_string(hide_password=False)
    subprocess.run(  # noqa: S603
        [shutil.which(program) or program, f"--dbname={name}", *arguments],
        env={**os.environ, **password},
        check=True,
    )
