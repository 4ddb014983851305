"""Nothing that a probe process does is felt by its parent: hostile code in a real one."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from domain.errors import SourceUnreachable, SourceUnusable, Unavailable
from media.probe.pool import ProbePool
from media.probe.process import probe_command
from media.probe.protocol import Found
from testkit.clips import CLIP
from tests.support import hostile_probes as hostile
from tests.support.hostile_probes import hostile_pool
from tests.support.machine import eventually

ROOT = Path(__file__).parents[3]


def reader(data: bytes) -> Callable[[int, int], bytes]:
    return lambda offset, size: data[offset : offset + size]


def probe(pool: ProbePool, data: bytes | None = None) -> Found:
    content = CLIP.read_bytes() if data is None else data
    return pool.probe(len(content), reader(content))


def children() -> set[int]:
    """Living and unreaped children of this process."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid():
            found.add(int(stat.parent.name))
    return found


@pytest.mark.parametrize(
    "behaviour",
    [
        hostile.hangs,
        hostile.loops,
        hostile.closes_its_socket,
    ],
)
def test_a_process_that_does_not_end_is_ended(behaviour: Any) -> None:
    before = children()
    pool = hostile_pool(behaviour, seconds=0.3)
    for _ in range(2):
        with pytest.raises(SourceUnusable) as raised:
            probe(pool)
        assert raised.value.code == "source_unreadable_container"
    assert children() == before


@pytest.mark.parametrize(
    "behaviour",
    [
        hostile.crashes,
        hostile.raises,
        hostile.ends_well,
        hostile.floods,
        hostile.floods_after_its_answer,
        hostile.asks_without_end,
        hostile.asks_without_endything,
        hostile.answers_half,
        hostile.answers_letters,
        hostile.answers_a_header,
        hostile.answers_a_negative_size,
    ],
)
def test_a_process_that_misbehaves_is_ended_and_not_believed(behaviour: Any) -> None:
    before = children()
    pool = hostile_pool(behaviour, seconds=60)
    with pytest.raises(SourceUnusable) as raised:
        probe(pool)
    assert raised.value.code == "source_unreadable_container"
    assert children() == before


def test_the_time_in_which_the_source_is_read_is_not_the_parsers() -> None:
    is_slow = threading.Event()
    data = CLIP.read_bytes()

    def read(offset: int, size: int) -> bytes:
        is_slow.wait(1.5)
        return data[offset : offset + size]

    assert ProbePool(parser_seconds=1.4, ahead=0).probe(len(data), read).width == 320


def test_an_error_of_the_source_passes_and_ends_the_process() -> None:
    before = children()

    def read(_offset: int, _size: int) -> bytes:
        raise SourceUnreachable("source_unreachable", "The host does not answer now.")

    with pytest.raises(SourceUnreachable):
        ProbePool(ahead=0).probe(5000, read)
    assert children() == before


def test_memory_is_bounded() -> None:
    found = probe(hostile_pool(hostile.swells))
    assert found.container == "swollen"
    assert found.width is not None
    assert 50 < found.width < 256


def test_nothing_is_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASTLINE_KEYSET", "secret")
    opened = os.open(CLIP, os.O_RDONLY)
    os.set_inheritable(opened, True)
    try:
        found = probe(hostile_pool(hostile.tells_what_it_inherited))
    finally:
        os.close(opened)
    assert (found.width, found.height) == (1, 1)


def test_a_process_that_does_not_start_is_our_own_trouble() -> None:
    for command in (["/nowhere/at/all"], [sys.executable, "-c", ""]):
        with pytest.raises(Unavailable) as raised:
            probe(ProbePool(command))
        assert raised.value.code == "probe_unavailable"


def test_a_process_that_died_while_it_was_idle_is_replaced() -> None:
    pool, before = ProbePool(ahead=1), children()
    probe(pool)
    (idle,) = children() - before
    os.kill(idle, 9)
    assert probe(pool).width == 320
    pool.close()
    assert children() == before


def test_nothing_is_started_before_the_first_probe_and_only_so_many_after_it() -> None:
    before = children()
    pool = ProbePool(ahead=2)
    assert children() == before
    for _ in range(3):
        probe(pool)
    assert len(children() - before) == 2
    pool.close()
    assert children() == before


def test_a_process_ends_with_its_parent() -> None:
    parent = (
        "import os, sys; from pathlib import Path; from media.probe.pool import ProbePool;"
        "pool = ProbePool(ahead=2); data = Path(sys.argv[1]).read_bytes();"
        "pool.probe(len(data), lambda at, count: data[at:at + count]);"
        "print(*[one._process.pid for one in pool._idle], flush=True); os._exit(0)"
    )
    command = [sys.executable, "-P", "-c", parent, str(CLIP)]
    done = subprocess.run(
        command, check=True, capture_output=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    started = [int(pid) for pid in done.stdout.split()]
    assert len(started) == 2
    eventually(lambda: not any(is_alive(pid) for pid in started))


def is_alive(pid: int) -> bool:
    try:
        return b"media.probe.child" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def test_the_command_names_no_file_and_no_secret() -> None:
    assert probe_command()[:3] == (sys.executable, "-I", "-S")
