"""A small disk: nothing can be written while it is full, and everything afterwards."""

import asyncio
import errno
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chaos.disk import Disk, small_disk
from tests.support.stack import eventually


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with small_disk(8, keep=tmp_path / "kept") as small:
        if not small.is_small:
            pytest.skip("only root can mount a small filesystem")
        yield small


async def test_nothing_can_be_written_while_the_disk_is_full(disk: Disk) -> None:
    filling = asyncio.create_task(disk.fill(2.0))
    other = (disk.folder / "other").open("ab", buffering=0)

    async def is_refused() -> bool:
        try:
            other.write(bytes(10_000))
        except OSError as error:
            return error.errno == errno.ENOSPC
        return False

    with other:
        await eventually(is_refused)
        assert await filling > 7 << 20
        assert other.write(bytes(10_000)) == 10_000


async def test_sqlite_says_that_the_disk_is_full(disk: Disk) -> None:
    with closing(sqlite3.connect(disk.folder / "db")) as connection:
        connection.execute("CREATE TABLE rows (value BLOB)")
        filling = asyncio.create_task(disk.fill(2.0))

        async def is_refused() -> bool:
            try:
                with connection:
                    connection.execute("INSERT INTO rows VALUES (zeroblob(100000))")
            except sqlite3.OperationalError as error:
                return error.sqlite_errorcode == sqlite3.SQLITE_FULL
            return False

        await eventually(is_refused)
        await filling
        connection.execute("INSERT INTO rows VALUES (zeroblob(100000))")


def test_what_lies_on_it_is_kept(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    with small_disk(1, keep=kept) as disk:
        (disk.folder / "log").write_text("what happened")
    assert (kept / "log").read_text() == "what happened"
    assert not disk.folder.exists()
