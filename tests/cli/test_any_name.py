"""Files of any name and titles of any text, through `castline up` as its user has it.

The commands are told nothing of ports: they find what runs in the data folder.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from cli.local.probes import free_ports
from domain.ids import is_id
from testkit.clips import CLIP
from tests.support.machine import Machine, Up, connection_in

EVIL = "Loaf \u202egpj.exe"
SHOWN = r"Loaf \u202egpj.exe"


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    # Port 0: the API takes a free one.
    return Machine(tmp_path_factory.mktemp("machine"), [0, *free_ports(3)])


@pytest.fixture(scope="module")
def up(machine: Machine) -> Iterator[Up]:
    with machine.up() as up:
        yield up


@pytest.fixture(scope="module")
def films(machine: Machine) -> Path:
    folder = machine.folder / os.fsdecode(b"fa\xe7ades #1")
    folder.mkdir()
    return folder


def castline(
    machine: Machine, *words: str | bytes, **env: str
) -> subprocess.CompletedProcess[bytes]:
    """Run a command in a shell that knows the data folder and no port."""
    kept = {name: value for name, value in machine.env.items() if not name.startswith("CASTLINE_")}
    kept["CASTLINE_DATA_DIR"] = str(machine.data)
    return subprocess.run(
        [*machine.command(), *words],
        env={**kept, **env},
        cwd=machine.folder,
        capture_output=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def connection(machine: Machine, up: Up, films: Path) -> str:
    for words in (
        ("workspaces", "create", "bakery"),
        ("keys", "create", "--save"),
        ("workspaces", "roots", "add", os.fsencode(films)),
    ):
        done = castline(machine, *words)
        assert done.returncode == 0, done.stderr
    kept = {name: value for name, value in machine.env.items() if not name.startswith("CASTLINE_")}
    return connection_in(machine.connect({**kept, "CASTLINE_DATA_DIR": str(machine.data)}))


POSIX = {"LC_ALL": "POSIX"}
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.parametrize(
    ("name", "locale"),
    [
        (b"caf\xe9.mp4", {"LC_ALL": "C.UTF-8"}),
        (b"caf\xe9.mp4", POSIX),
        (b"caf\xe9.mp4", ASCII),
        ("Zürich 見た.mp4".encode(), POSIX),
        ("Zürich 見た.mp4".encode(), ASCII),
        (b"two\nlines\x1b[2J.mp4", POSIX),
        (b" 100%41 #1?.mp4", POSIX),
        (b"-dash.mp4", POSIX),
    ],
    ids=ascii,
)
def test_a_file_of_any_name_is_published(
    machine: Machine, connection: str, films: Path, name: bytes, locale: dict[str, str]
) -> None:
    path = os.fsencode(films) + b"/" + name
    Path(os.fsdecode(path)).write_bytes(CLIP.read_bytes())
    done = castline(
        machine, "publish", "--title", "A loaf", "--no-follow", "--json", "--", path, **locale
    )
    assert done.returncode == 0, done.stderr
    assert is_id(json.loads(done.stdout)["id"])
    assert done.stderr == b""


def test_a_name_that_is_missing_is_a_sentence(
    machine: Machine, connection: str, films: Path
) -> None:
    path = os.fsencode(films) + b"/miss\xe9d\x1b.mp4"
    done = castline(machine, "publish", path, "--title", "No loaf")
    assert done.returncode == 1
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("castline: /")
    assert "miss\ufffdd_.mp4 is not there" in line


def test_a_title_that_is_no_text_is_a_sentence(machine: Machine, connection: str) -> None:
    done = castline(machine, "publish", str(CLIP), "--title", b"caf\xe9")
    assert done.returncode == 1
    assert done.stderr == b"castline: caf\\xe9 is no text in this terminal's encoding.\n"


def test_the_title_is_named_and_not_the_file_whose_name_is_no_text_either(
    machine: Machine, connection: str, films: Path
) -> None:
    file = os.fsencode(films) + b"/other\xe9.mp4"
    Path(os.fsdecode(file)).write_bytes(CLIP.read_bytes())
    done = castline(machine, "publish", file, "--title", b"caf\xe9")
    assert done.stderr == b"castline: caf\\xe9 is no text in this terminal's encoding.\n"


def test_a_foreign_title_steers_no_command(machine: Machine, up: Up, connection: str) -> None:
    key = (machine.data / "key").read_text().strip()
    (url,) = re.findall(r"castline is ready: (\S+)", up.said)
    payload = {"title": EVIL}
    wanted = {"connectionId": connection, "mediaUrl": CLIP.as_uri(), "payload": payload}
    answer = httpx2.post(
        f"{url}/api/v1/assignments",
        json=wanted,
        headers={"Authorization": f"Bearer {key}"},
        timeout=30,
    )
    assert answer.status_code == 201, answer.text
    id = answer.json()["id"]
    listed = castline(machine, "watch")
    assert SHOWN in listed.stdout.decode()
    exact = castline(machine, "watch", "--json")
    assert exact.stdout.isascii()
    assert EVIL in [row["payload"]["title"] for row in json.loads(exact.stdout)]
    for words in (("watch", id), ("timeline", id)):
        said = castline(machine, *words)
        assert "\u202e" not in said.stdout.decode()
    assert "\u202e" not in (machine.data / "logs" / "api.log").read_text()


def test_following_for_a_program_prints_how_it_ended(machine: Machine, connection: str) -> None:
    done = castline(machine, "publish", str(CLIP), "--title", "Json loaf", "--json")
    assert done.returncode == 0, done.stderr
    view = json.loads(done.stdout)
    assert view["state"] == "published"
    told = json.loads(castline(machine, "timeline", view["id"], "--json").stdout)
    assert told["total"] == len(told["items"]) > 0
    assert told["state"] == "published"
    again = castline(machine, "watch", view["id"], "--json")
    assert json.loads(again.stdout)["id"] == view["id"]


def test_an_operators_command_finds_temporal(machine: Machine, connection: str) -> None:
    checked = castline(machine, "care", "--json", TEMPORAL_ADDRESS="127.0.0.1:9")
    assert checked.returncode == 0, checked.stderr
    assert json.loads(checked.stdout)["checked"] == 1
    assert b"TEMPORAL_ADDRESS: not used" in checked.stderr


def test_the_file_of_addresses_ends_with_it(machine: Machine, up: Up, connection: str) -> None:
    text = (machine.data / "up.json").read_text()
    roles = [process["role"] for process in json.loads(text)["processes"]]
    assert sorted(roles) == ["api", "up", "worker"]
    assert (machine.data / "key").read_text().strip() not in text
    assert up.stop()[0] == 0
    assert not (machine.data / "up.json").exists()
