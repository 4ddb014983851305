"""What the emulator cannot start with is one sentence, never a traceback."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from testkit.emulator import ROOT, Emulator


def started(*arguments: object) -> tuple[int, str]:
    """Run the emulator to its end; return its exit code and what it said of it."""
    ended = subprocess.run(
        [sys.executable, "-m", "emulator", "--port", "0", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.stdout == ""
    return ended.returncode, ended.stderr


def assert_a_sentence(said: str, *words: str) -> None:
    assert said.startswith("emulator: ")
    assert said.count("\n") == 1
    assert "Errno" not in said
    for word in words:
        assert word in said, word


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = started("--port", port)
    assert code == 1
    assert_a_sentence(said, f"Port {port} of 127.0.0.1 is taken", "--port")


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])
def test_an_address_of_another_machine(host: str) -> None:
    code, said = started("--host", host)
    assert code == 1
    assert_a_sentence(said, host, "--host")


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"calls": 1}', "\x00", '"text"'])
def test_a_state_file_that_holds_something_else(tmp_path: Path, content: str) -> None:
    state = tmp_path / "state.json"
    state.write_text(content)
    code, said = started("--state", state)
    assert code == 1
    assert_a_sentence(said, str(state), "--state")
    assert state.read_text() == content


def test_a_state_file_that_is_a_folder(tmp_path: Path) -> None:
    code, said = started("--state", tmp_path)
    assert code == 1
    assert_a_sentence(said, str(tmp_path), "--state")


def test_a_state_folder_that_is_not_there(tmp_path: Path) -> None:
    code, said = started("--state", tmp_path / "nowhere" / "state.json")
    assert code == 1
    assert_a_sentence(said, "nowhere", "--state")


def test_a_state_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, said = started("--state", tmp_path / "file" / "state.json")
    assert code == 1
    assert_a_sentence(said, "state.json", "--state")


def test_a_state_file_that_another_emulator_uses(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    other = Emulator.start(state=state)
    try:
        code, said = started("--state", state)
        assert code == 1
        assert_a_sentence(said, f"Another emulator uses {state}", "--state")
    finally:
        other.stop()


def test_a_folder_for_the_certificate_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "tls"):
        code, said = started("--tls", "--tls-folder", folder)
        assert code == 1
        assert_a_sentence(said, str(folder), "--tls-folder")
