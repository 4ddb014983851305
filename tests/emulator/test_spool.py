"""Bytes of an unfinished upload on disk."""

from pathlib import Path

import pytest

from emulator.spool import Spools


def content(spools: Spools, name: str = "one") -> bytes:
    return b"".join(spools.open(name).read())


def test_only_what_was_confirmed_is_read_back(tmp_path: Path) -> None:
    spools = Spools(tmp_path)
    spool = spools.open("one")
    spool.write(0, b"abc")
    assert content(spools) == b""
    spool.confirm(3)
    spool.write(3, b"half of the ne")
    assert content(spools) == b"abc"
    spool.write(3, b"def")
    spool.confirm(6)
    assert content(spools) == b"abcdef"


def test_a_dropped_spool_goes_with_the_next_sweep(tmp_path: Path) -> None:
    spools = Spools(tmp_path)
    spool = spools.open("one")
    spool.write(0, b"abc")
    spool.confirm(3)
    spool.drop()
    spool.drop()
    spool.write(3, b"late")
    assert content(Spools(tmp_path)) == b"abc"
    spools.sweep()
    assert list(tmp_path.iterdir()) == []


def test_a_spool_that_is_opened_again_is_not_swept(tmp_path: Path) -> None:
    spools = Spools(tmp_path)
    for name in ("one", "two"):
        spools.open(name).write(0, b"abc")
        spools.open(name).confirm(3)
    spools.drop_all()
    spools.open("one")
    spools.sweep()
    assert [path.name for path in tmp_path.iterdir()] == ["one"]


def test_a_disk_that_takes_nothing_ends_the_spool_with_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spool = Spools(tmp_path / "gone").open("one")
    spool.write(0, b"abc")
    spool.confirm(3)
    assert spool.path is None
    assert capsys.readouterr().err.count("will not survive a restart") == 1


def test_without_a_folder_nothing_is_written() -> None:
    spool = Spools().open("one")
    spool.write(0, b"abc")
    spool.confirm(3)
    assert list(spool.read()) == []
