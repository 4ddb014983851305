"""A role alone, as a container runs it: it ends when told to, and says what it lacks."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.support.machine import Machine, eventually


@contextmanager
def started(machine: Machine, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A command under way; killed at the end if it still runs."""
    with subprocess.Popen(
        machine.command(*words), env=machine.env, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    assert machine.run("migrate").returncode == 0
    return machine


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_api_ends_with_code_zero(machine: Machine, number: signal.Signals) -> None:
    def answers() -> bool:
        try:
            return httpx.get(f"{machine.url}/livez").is_success
        except httpx.TransportError:
            return False

    with started(machine, "api") as api:
        eventually(answers)
        api.send_signal(number)
        assert api.wait(10) == 0


def test_a_worker_without_temporal_says_so_and_fails(machine: Machine) -> None:
    ended = machine.run("worker")
    assert ended.returncode == 1
    assert "Temporal does not answer" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_role_without_a_key_set_says_so_and_fails(tmp_path: Path) -> None:
    for role in ("worker", "api"):
        ended = Machine(tmp_path).run(role)
        assert ended.returncode == 1
        assert "The key set" in ended.stderr
        assert "Traceback" not in ended.stderr


def test_an_unknown_command_is_a_wrong_usage(tmp_path: Path) -> None:
    assert Machine(tmp_path).run("publsh").returncode == 2
