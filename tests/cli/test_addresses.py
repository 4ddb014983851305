"""Processes say where they are, and only those that still run are found."""

import json
import os
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cli.addresses import Addresses, announced, file_of, find_running, with_api_address
from domain.errors import Unavailable
from runtime.settings import Settings

HERE = Addresses(api="http://127.0.0.1:9000", temporal="127.0.0.1:7000")


def settings_in(folder: Path, **values: Any) -> Settings:
    folder.mkdir(exist_ok=True)
    return Settings.model_validate({"data_dir": folder, **values})


def entry(**changed: Any) -> dict[str, Any]:
    """An entry of this very process, as it would have been written."""
    started = Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]
    mine = {"role": "api", "host": socket.gethostname(), "pid": os.getpid(), "started": started}
    return {**mine, "api": "http://127.0.0.1:9000", **changed}


def dead_pid() -> int:
    with subprocess.Popen(["true"]) as process:
        process.wait()
    return process.pid


def test_no_folder_is_made_to_be_found_in(tmp_path: Path) -> None:
    settings = Settings.model_validate({"data_dir": tmp_path / "lost"})
    with announced(settings, "worker", HERE):
        assert not settings.data_dir.exists()


def test_a_process_is_found_while_it_runs(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "data")
    assert find_running(settings) == Addresses()
    with announced(settings, "worker", HERE):
        assert find_running(settings) == HERE
        assert file_of(settings).stat().st_mode & 0o777 == 0o600
        assert find_running(settings_in(tmp_path / "other")) == Addresses()
    assert find_running(settings) == Addresses()
    assert [*settings.data_dir.iterdir()] == []


def test_of_two_processes_the_latest_counts_and_each_takes_out_its_own(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    with announced(settings, "up", HERE):
        with announced(settings, "api", Addresses(api="http://127.0.0.1:9001")):
            running = find_running(settings)
            assert (running.api, running.temporal) == ("http://127.0.0.1:9001", HERE.temporal)
        assert find_running(settings) == HERE


@pytest.mark.parametrize(
    "stale",
    [
        {"pid": None},
        {"pid": 0},
        {"pid": 2**70},
        {"started": "1"},
        {"host": "elsewhere"},
        {"api": 9},
        {"api": ""},
    ],
    ids=str,
)
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="it asks Linux for the start")
def test_an_entry_of_no_running_process_counts_for_nothing(
    tmp_path: Path, stale: dict[str, Any]
) -> None:
    file_of(settings_in(tmp_path)).write_text(json.dumps({"processes": [entry()]}))
    assert find_running(settings_in(tmp_path)).api == "http://127.0.0.1:9000"
    file_of(settings_in(tmp_path)).write_text(json.dumps({"processes": [entry(**stale)]}))
    assert find_running(settings_in(tmp_path)).api is None


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="it asks Linux for the start")
def test_what_a_killed_process_left_goes_with_the_next_change(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    left = [entry(pid=dead_pid()), entry(host="elsewhere")]
    file_of(settings).write_text(json.dumps({"processes": left}))
    with announced(settings, "api", HERE):
        kept = json.loads(file_of(settings).read_text())["processes"]
        assert [one["host"] for one in kept] == ["elsewhere", socket.gethostname()]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"processes": [1, null]}', '{"processes": 1}'])
def test_a_file_that_is_no_such_list_is_as_none(tmp_path: Path, text: str) -> None:
    settings = settings_in(tmp_path)
    file_of(settings).write_text(text)
    assert find_running(settings) == Addresses()
    with announced(settings, "api", HERE):
        assert find_running(settings) == HERE


def test_a_folder_that_cannot_be_written_is_said_and_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_in(tmp_path / "data")
    file_of(settings).mkdir()
    with announced(settings, "api", HERE):
        assert find_running(settings) == Addresses()
    (line,) = capsys.readouterr().err.splitlines()
    assert "cannot be written (Is a directory)" in line


def test_links_of_a_worker_lead_to_the_port_that_the_api_chose(tmp_path: Path) -> None:
    chosen = settings_in(tmp_path, port=0)
    with pytest.raises(Unavailable) as refused:
        with_api_address(chosen)
    assert "castline api" in refused.value.sentence
    with announced(chosen, "api", HERE):
        assert with_api_address(chosen).url == HERE.api
    fixed = settings_in(tmp_path, port=8420)
    assert with_api_address(fixed) is fixed
    public = settings_in(tmp_path, port=0, public_url="https://castline.example.com")
    assert with_api_address(public) is public
