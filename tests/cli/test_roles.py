"""A role alone, as a container runs it: it ends when told to, and says what it lacks."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.support.disks import fill, small_disk
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
    with started(machine, "api") as api:
        eventually(lambda: answers(machine))
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


def test_a_log_on_a_full_disk_breaks_no_answer(machine: Machine) -> None:
    disk = machine.folder / "disk"
    with (
        small_disk(disk),
        (disk / "api.log").open("wb") as log,
        subprocess.Popen(
            machine.command("api"),
            env={**machine.env, "CASTLINE_RATE_REFUSED_KEYS": "100000"},
            stdout=log,
            stderr=log,
        ) as api,
    ):
        try:
            eventually(lambda: answers(machine), 60)
            fill(disk)
            # Each of them is a line of the log.
            wrong = {"Authorization": "Bearer cl_wrong"}
            asked = [
                httpx2.get(f"{machine.url}/api/v1/videos", headers=wrong).status_code
                for _ in range(250)
            ]
            assert set(asked) == {401}
            assert answers(machine)
            api.send_signal(signal.SIGTERM)
            assert api.wait(30) == 0
        finally:
            api.kill()


def answers(machine: Machine) -> bool:
    try:
        return httpx2.get(f"{machine.url}/livez").is_success
    except httpx2.TransportError:
        return False


def test_the_emulator_keeps_its_certificate_in_the_data_folder(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    command = machine.command("emulator", "--port", "0", "--tls")
    with subprocess.Popen(command, env=machine.env, stdout=subprocess.PIPE, text=True) as emulator:
        try:
            assert emulator.stdout is not None
            assert "ready: https://127.0.0.1:" in emulator.stdout.readline()
            assert (
                str(machine.data / "emulator-tls" / "authority.pem") in emulator.stdout.readline()
            )
        finally:
            emulator.terminate()
    assert emulator.returncode == 0


def test_an_unknown_command_is_a_wrong_usage(tmp_path: Path) -> None:
    assert Machine(tmp_path).run("publsh").returncode == 2
