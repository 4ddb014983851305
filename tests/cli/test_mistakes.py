"""What an operator can do wrong ends every command that meets it with a sentence.

No traceback, no password, exit code 2 for a setting that is refused and 1 for anything else.
"""

import os
import shutil
import socket
import sqlite3
import subprocess
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from cli.mistakes import explain_error
from store.files import explain
from testkit.database import Cluster
from testkit.required import program
from tests.support.disks import fill, read_only_disk, small_disk
from tests.support.machine import Machine

PASSWORD = "geheim-7"
ON_THE_DATABASE = ["api", "rotate-keys", "workspaces create acme"]
"""A role, what changes the key set, and what uses rows alone.

Each mistake below meets two or three commands that come to it by ways of their own: a process
takes a second, and all commands end in the same `explain_error`.
"""
NOWHERE = "127.0.0.1:1"
URL = "CASTLINE_DATABASE_URL"
EMPTY: Mapping[str, str] = {}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a migrated database and a key set."""
    machine = Machine(tmp_path_factory.mktemp("prepared"))
    assert machine.run("migrate").returncode == 0
    return machine.data


@pytest.fixture
def machine(tmp_path: Path, prepared: Path) -> Machine:
    machine = Machine(tmp_path)
    shutil.copytree(prepared, machine.data)
    return machine


def mistake(
    machine: Machine, command: str, *prefix: str, code: int = 1, env: Mapping[str, str] = EMPTY
) -> str:
    """Run a command that is to fail with one sentence; return the sentence."""
    ended = subprocess.run(
        [*prefix, *machine.command(*command.split())],
        env={**machine.env, **env},
        cwd=machine.folder,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    said = ended.stderr + ended.stdout
    assert ended.returncode == code, (command, said)
    assert "Traceback" not in said
    assert "unexpected error" not in said
    assert PASSWORD not in said
    (sentence,) = [line for line in ended.stderr.splitlines() if line.startswith("castline: ")]
    return sentence


@pytest.mark.parametrize("command", ["up", "api", "publish a"])
def test_a_setting_that_cannot_be_read(machine: Machine, command: str) -> None:
    command = f"{command} --title x" if command.startswith("publish") else command
    wrong = {
        "CASTLINE_PORT": "abc",
        "CASTLINE_TEMPORAL_ADDRESS": "no-port",
        "CASTLINE_SQLITE_SYNCHRONOUS": "off",
        "CASTLINE_DATABASE_URL": f"mysql://castline:{PASSWORD}@host/name",
    }
    ended = machine.run(*command.split(), seconds=240, **wrong)
    assert ended.returncode == 2
    assert ended.stdout == ""
    lines = ended.stderr.splitlines()
    assert lines[0].startswith("castline: CASTLINE_")
    assert {line.removeprefix("castline: ").split()[0] for line in lines} == wrong.keys()
    assert PASSWORD not in ended.stderr


@pytest.mark.parametrize("url", ["nonsense", f"postgres://u:{PASSWORD}@x@host/name"])
def test_a_database_url_of_another_kind(machine: Machine, url: str) -> None:
    sentence = mistake(machine, "migrate", code=2, env={URL: url})
    assert sentence.startswith("castline: CASTLINE_DATABASE_URL must be ")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_every_way_to_write_postgresql_is_taken(
    machine: Machine, cluster: Cluster, scheme: str
) -> None:
    url = cluster.create_migrated().replace("postgresql+psycopg", scheme)
    assert machine.run("workspaces", "list", seconds=240, **{URL: url}).returncode == 0


@pytest.mark.parametrize("command", ["up", "migrate", *ON_THE_DATABASE])
def test_a_server_that_refuses(machine: Machine, command: str) -> None:
    url = f"postgresql://castline:{PASSWORD}@{NOWHERE}/castline"
    sentence = mistake(machine, command, env={URL: url})
    assert f"The database at {NOWHERE}/castline cannot be used: Connection refused." in sentence
    assert "CASTLINE_DATABASE_URL" in sentence


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("castline@", f"nobody-here:{PASSWORD}@"), 'role "nobody-here" does not exist'),
        (("@/", "@/no_such_"), "does not exist"),
        (("?host=", "?foo=bar&host="), "invalid connection option"),
    ],
    ids=["user", "name", "option"],
)
def test_a_server_that_does_not_know_us(
    machine: Machine, cluster: Cluster, change: tuple[str, str], expected: str
) -> None:
    url = cluster.create_database().replace(*change)
    for command in ("migrate", "api"):
        assert expected in mistake(machine, command, env={URL: url})


@pytest.mark.parametrize("command", ON_THE_DATABASE)
def test_an_installation_that_is_not_there(tmp_path: Path, command: str) -> None:
    machine = Machine(tmp_path)
    assert "castline migrate" in mistake(machine, command)
    # A new database beside a lost one would hide the loss.
    assert not machine.data.exists()


@pytest.mark.parametrize("command", ON_THE_DATABASE)
def test_a_schema_of_another_version(machine: Machine, command: str) -> None:
    change_version(machine, "9999")
    assert "a newer version of Castline" in mistake(machine, command)


def test_a_newer_schema_is_not_migrated(machine: Machine) -> None:
    change_version(machine, "9999")
    for command in ("migrate", "up"):
        assert "a newer version of Castline" in mistake(machine, command)


def test_an_older_schema_is_named_with_its_remedy(machine: Machine) -> None:
    with closing(sqlite3.connect(machine.data / "castline.db")) as database:
        database.execute("DELETE FROM alembic_version")
        database.commit()
    for command in ("worker", "keys list"):
        assert "Run `castline migrate`." in mistake(machine, command)


def change_version(machine: Machine, version: str) -> None:
    with closing(sqlite3.connect(machine.data / "castline.db")) as database:
        database.execute("UPDATE alembic_version SET version_num = ?", (version,))
        database.commit()


@pytest.mark.parametrize("command", ["up", "workspaces list"])
def test_a_file_that_is_no_database(machine: Machine, command: str) -> None:
    for file in machine.data.glob("castline.db*"):
        file.unlink()
    (machine.data / "castline.db").write_bytes(b"no database" * 1000)
    assert "is not an SQLite database" in mistake(machine, command)


@pytest.mark.parametrize("command", ["api", "up"])
def test_a_port_that_is_taken(machine: Machine, command: str) -> None:
    with socket.create_server(("127.0.0.1", machine.ports[0])):
        sentence = mistake(machine, command)
    assert f"Port {machine.ports[0]} of the API is taken" in sentence
    assert "CASTLINE_PORT=" in sentence


def emulators_mistake(machine: Machine, *options: str) -> str:
    """Run an emulator that is to fail with one sentence of its own; return the sentence."""
    ended = machine.run("emulator", *options)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert ended.stderr.startswith("emulator: ")
    return ended.stderr


def test_a_port_that_the_emulator_does_not_get(machine: Machine) -> None:
    with socket.create_server(("127.0.0.1", machine.ports[3])):
        assert f"Port {machine.ports[3]} of 127.0.0.1 is taken" in emulators_mistake(machine)


def test_the_emulators_own_options_are_handed_down(machine: Machine) -> None:
    shown = machine.run("emulator", "--help")
    assert shown.returncode == 0
    assert "usage: castline emulator" in shown.stdout
    assert "--tls-folder" in shown.stdout
    assert machine.run("emulator", "--prot", "0").returncode == 2


@pytest.mark.parametrize("host", ["nonsense.invalid", "192.0.2.1"])
def test_a_host_that_is_not_this_machine(machine: Machine, host: str) -> None:
    emulator = {"CASTLINE_EMULATOR_URL": machine.emulator}
    for command in ("api", "up"):
        sentence = mistake(machine, command, env={"CASTLINE_HOST": host, **emulator})
        assert f"CASTLINE_HOST={host}" in sentence
        assert "is not an address of this machine" in sentence
    assert f"{host} is not an address of" in emulators_mistake(machine, "--host", host)


@pytest.mark.parametrize("command", ["up", "api", "workspaces create acme"])
def test_a_data_folder_that_is_read_only(machine: Machine, command: str) -> None:
    with read_only_disk(machine.data):
        sentence = mistake(machine, command)
    assert f"castline: {machine.data}" in sentence
    assert "lies on a read-only file system" in sentence


@pytest.mark.parametrize("command", ["up", "migrate"])
def test_a_data_folder_that_cannot_be_made(tmp_path: Path, command: str) -> None:
    machine = Machine(tmp_path)
    machine.data.write_text("a file")
    assert f"{machine.data} is not a folder" in mistake(machine, command)


@pytest.mark.parametrize("command", ["up", "worker", "workspaces list"])
def test_a_data_folder_of_another_user(machine: Machine, command: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder to another user")
    for path in (machine.data, *machine.data.rglob("*")):
        os.chown(path, 65534, 65534)
    # Root without its privilege over files of others.
    without = (program("setpriv"), "--bounding-set=-dac_override,-dac_read_search,-fowner")
    sentence = mistake(machine, command, *without)
    assert "User root may not use" in sentence
    assert "which belongs to nobody" in sentence


def test_a_file_of_another_user_is_named_with_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "keyset.json"
    path.touch()
    sentence = explain(PermissionError(13, "Permission denied", str(path)))
    assert str(path) in sentence
    assert "which belongs to" in sentence


def test_a_key_set_that_cannot_be_used(machine: Machine) -> None:
    keyset = machine.data / "keyset.json"
    content = keyset.read_bytes()
    keyset.unlink()
    assert "keyset.json is not there" in mistake(machine, "worker")
    keyset.mkdir()
    assert "The key set cannot be read" in mistake(machine, "api")
    keyset.rmdir()
    keyset.write_bytes(content)
    keyset.chmod(0o644)
    assert "chmod 600" in mistake(machine, "care")
    keyset.write_text("{}")
    keyset.chmod(0o600)
    assert "Tink AEAD key set" in mistake(machine, "worker")


@pytest.mark.parametrize("command", ["worker", "care"])
def test_a_temporal_that_does_not_answer(machine: Machine, command: str) -> None:
    sentence = mistake(machine, command, env={"CASTLINE_TEMPORAL_ADDRESS": NOWHERE})
    assert f"Temporal does not answer at {NOWHERE}. Start it" in sentence


@pytest.mark.parametrize("command", ["worker", "care"])
async def test_a_namespace_that_is_not_there(machine: Machine, temporal: str, command: str) -> None:
    wrong = {"CASTLINE_TEMPORAL_ADDRESS": temporal, "CASTLINE_TEMPORAL_NAMESPACE": "nowhere"}
    sentence = mistake(machine, command, env=wrong)
    assert "CASTLINE_TEMPORAL_NAMESPACE" in sentence
    assert "nowhere" in sentence


@pytest.mark.parametrize(
    ("command", "name"), [("worker", "CLIENT_CERT"), ("care", "SERVER_CA_CERT")]
)
def test_a_tls_file_that_is_not_there(machine: Machine, command: str, name: str) -> None:
    name = f"TEMPORAL_TLS_{name}_PATH"
    sentence = mistake(machine, command, code=2, env={name: str(machine.folder / "missing.pem")})
    assert name in sentence
    assert "missing.pem is not there" in sentence


def test_a_tls_file_that_is_no_pem(machine: Machine) -> None:
    wrong = machine.folder / "wrong.pem"
    wrong.write_text("no PEM")
    names = ("TEMPORAL_TLS_CLIENT_CERT_PATH", "TEMPORAL_TLS_CLIENT_KEY_PATH")
    assert "PEM" in mistake(machine, "worker", code=2, env=dict.fromkeys(names, str(wrong)))


@pytest.mark.parametrize("command", ["migrate", "up"])
def test_a_full_disk(tmp_path: Path, command: str) -> None:
    machine = Machine(tmp_path)
    with small_disk(machine.data):
        fill(machine.data)
        assert "full" in mistake(machine, command)


def test_a_command_that_writes_to_a_full_disk(machine: Machine) -> None:
    with small_disk(machine.folder / "disk") as resize:
        resize(16)
        machine.data.rename(machine.folder / "before")
        shutil.copytree(machine.folder / "before", machine.folder / "disk" / "data")
        machine.data.symlink_to(machine.folder / "disk" / "data")
        fill(machine.folder / "disk")
        assert "disk of the database is full" in mistake(machine, "workspaces create acme")


def test_a_state_file_that_the_emulator_cannot_read(machine: Machine) -> None:
    (machine.folder / "state.json").write_text("no JSON")
    options = ("--port", "0", "--state", "state.json")
    assert "cannot be read as its state" in emulators_mistake(machine, *options)


def test_an_error_of_ours_is_one_line_that_says_where_the_details_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(KeyError) as caught:
        dict[str, str]()[PASSWORD]
    code, text = explain_error(ExceptionGroup("in a role", [caught.value]))
    (details,) = tmp_path.iterdir()
    assert (code, text.count("\n")) == (1, 1)
    assert text.startswith("castline: An unexpected error, KeyError at ")
    assert str(details) in text
    assert "CASTLINE_TRACEBACK=1" in text
    assert "test_mistakes.py" in details.read_text()
    assert PASSWORD not in text + details.read_text()
    assert details.stat().st_mode & 0o077 == 0
    monkeypatch.setenv("CASTLINE_TRACEBACK", "1")
    assert "Traceback" in explain_error(caught.value)[1]


def test_a_redirect_prefix_with_a_fragment(machine: Machine) -> None:
    said = mistake(machine, "workspaces allow https://app.example.com/#/settings")
    assert "A prefix has no fragment" in said
    assert "Leave out the `#`" in said
