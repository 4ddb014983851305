"""The recipe for the real names changes nothing on the machine, and ends as its command does."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clients.real_names import RECIPE, recipe_environment
from tests.support.machine import eventually

pytestmark = pytest.mark.usefixtures("namespaces")
HOSTS = Path("/etc/hosts")


def recipe(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command by the recipe."""
    env = {**recipe_environment(), **environment}
    return subprocess.run([RECIPE, *words], env=env, capture_output=True, text=True, check=False)


def ask(url: str) -> tuple[str, ...]:
    code = "import sys, urllib.request as r; print(r.urlopen(sys.argv[1]).status)"
    return sys.executable, "-c", code, url


def test_a_real_name_leads_to_the_emulator() -> None:
    assert recipe(*ask("https://www.youtube.com/_emulator/state")).stdout == "200\n"


def test_it_ends_as_its_command_ends() -> None:
    assert recipe("sh", "-c", "exit 7").returncode == 7


def test_a_name_that_is_not_a_platforms_leads_nowhere() -> None:
    ended = recipe(*ask("https://www.example.com/"))
    assert ended.returncode == 1
    assert "URLError" in ended.stderr


def test_the_machine_keeps_its_hosts_file_and_nothing_is_left(tmp_path: Path) -> None:
    before = HOSTS.read_bytes()
    shown = recipe("cat", str(HOSTS), TMPDIR=str(tmp_path)).stdout
    assert "127.0.0.1 graph.facebook.com" in shown
    assert HOSTS.read_bytes() == before
    assert list(tmp_path.iterdir()) == []


def test_the_authority_outlives_a_run_in_a_folder_that_is_named(tmp_path: Path) -> None:
    recipe("true", FOLDER=str(tmp_path))
    before = (tmp_path / "authority.pem").read_bytes()
    recipe("true", FOLDER=str(tmp_path))
    assert (tmp_path / "authority.pem").read_bytes() == before


def test_a_folder_that_is_not_there_is_made(tmp_path: Path) -> None:
    folder = tmp_path / "certificates"
    assert recipe("true", FOLDER=str(folder)).returncode == 0
    assert (folder / "authority.pem").exists()


def test_an_emulator_that_does_not_start_says_why() -> None:
    ended = recipe("true", EMULATOR="cat /no/such/emulator")
    assert ended.returncode == 125
    assert "cat: " in ended.stderr


def test_the_emulator_ends_when_it_is_interrupted(tmp_path: Path) -> None:
    env = {**recipe_environment(), "FOLDER": str(tmp_path)}
    write = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    with subprocess.Popen(
        [RECIPE, sys.executable, "-c", write],
        env=env,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as running:
        assert running.stdout is not None
        command = int(running.stdout.readline())
        # As Ctrl-C in a terminal: to all of them.
        os.killpg(running.pid, signal.SIGINT)
        running.wait(30)
    eventually(lambda: not Path(f"/proc/{command}").exists())
    eventually(lambda: not emulators_of(tmp_path))


def emulators_of(folder: Path) -> list[str]:
    found = []
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = line.read_text().split("\0")
        except OSError:
            continue
        if "emulator" in words and str(folder) in words:
            found.append(line.parent.name)
    return found
