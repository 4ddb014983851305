"""`castline up` as its user has it: one machine, real processes, one story in order.

A start takes seconds, so the story shares two of them.
"""

import hashlib
import os
import re
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from domain.ids import is_id
from testkit.clips import CLIP
from tests.support.machine import (
    ANA,
    Machine,
    Up,
    connection_in,
    consent,
    eventually,
    is_alive,
)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return Machine(tmp_path_factory.mktemp("machine"))


@pytest.fixture(scope="module")
def up(machine: Machine) -> Iterator[Up]:
    with machine.up() as up:
        yield up


@pytest.fixture(scope="module")
def key(machine: Machine, up: Up) -> str:
    made = machine.run("workspaces", "create", "bakery")
    assert made.returncode == 0, made.stderr
    saved = machine.run("keys", "create", "--save")
    assert saved.returncode == 0, saved.stderr
    assert (machine.data / "key").stat().st_mode & 0o777 == 0o600
    return (machine.data / "key").read_text().strip()


@pytest.fixture(scope="module")
def connection(machine: Machine, key: str) -> str:
    said = machine.connect()
    assert "Ana Cooks" in said
    return connection_in(said)


def test_it_says_where_everything_is(machine: Machine, up: Up) -> None:
    assert f"castline is ready: {machine.url}" in up.said
    for address in (machine.url, f"{machine.url}/docs", machine.emulator):
        assert address in up.said
        assert httpx2.get(address).is_success
    assert machine.env["CASTLINE_TEMPORAL_UI_URL"] in up.said


def test_the_doctor_finds_nothing_wrong(machine: Machine, up: Up) -> None:
    examined = machine.run("doctor")
    assert examined.returncode == 0, examined.stdout + examined.stderr
    assert "fail " not in examined.stdout
    for platform in ("youtube", "facebook"):
        assert f"ok     {platform} app: not set: `castline up` starts" in examined.stdout


def test_every_connection_is_checked_when_an_operator_asks(
    machine: Machine, connection: str
) -> None:
    checked = machine.run("care")
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout == (
        "1 checked: 0 need a person, 0 will soon; 0 could not be checked now; 0 needed one before\n"
    )


def test_who_publishes_on_a_dead_connection_is_given_the_link(
    machine: Machine, connection: str
) -> None:
    order = {"email": ANA, "remove_app": True}
    httpx2.post(f"{machine.emulator}/_emulator/accounts", json=order).raise_for_status()
    said = [machine.run("care").stdout for _ in range(2)]
    assert "1 need a person" in said[0]
    assert said[1].startswith("0 checked: 0 need a person")
    assert said[1].endswith("1 needed one before\n")
    with subprocess.Popen(
        machine.command("publish", str(CLIP), "--title", "Waiting loaf"),
        env=machine.env,
        stdout=subprocess.PIPE,
        text=True,
    ) as publishing:
        assert publishing.stdout is not None
        link = next(line for line in publishing.stdout if "again: http" in line)
        consent(link.rpartition(" ")[2].strip())
        assert "published: https://" in publishing.stdout.read()
        assert publishing.wait(30) == 0


def test_everything_that_it_keeps_is_its_users_alone(machine: Machine, connection: str) -> None:
    assert os.umask(0o022) == 0o022, "the test would prove nothing"
    kept = {path.relative_to(machine.data): path for path in machine.data.rglob("*")}
    names = {str(name) for name in kept}
    assert {"castline.db", "castline.db-wal", "temporal.db", "keyset.json", "up.lock"} <= names
    assert {"key", "emulator.json", "logs", "logs/api.log", "logs/temporal.log"} <= names
    modes = {str(name): path.stat().st_mode & 0o077 for name, path in kept.items()}
    assert {name: mode for name, mode in modes.items() if mode} == {}
    assert machine.data.stat().st_mode & 0o077 == 0


def test_a_key_can_be_revoked_by_what_the_list_shows(machine: Machine, key: str) -> None:
    made = machine.run("keys", "create", "--label", "A label that makes the line rather long")
    listed = machine.run("keys", "list")
    (line,) = [line for line in listed.stdout.splitlines() if made.stdout.strip()[-4:] in line]
    id = line.split()[0]
    assert is_id(id)
    assert machine.run("keys", "revoke", id).returncode == 0
    again = machine.run("keys", "revoke", id[-8:])
    assert again.returncode == 0
    assert id in again.stderr


def test_keys_rotate_beside_running_processes(machine: Machine, up: Up, connection: str) -> None:
    before = machine.run("doctor").stdout
    rotated = machine.run("rotate-keys")
    assert rotated.returncode == 0, rotated.stderr
    assert re.search(r"[1-9]\d* stored values were resealed", rotated.stderr)
    (sealing,) = [line for line in machine.run("doctor").stdout.splitlines() if " seals" in line]
    assert sealing not in before
    # The same processes go on: they open what is stored, and Temporal what they seal.
    listed = machine.run("keys", "list")
    assert listed.returncode == 0
    published = machine.run(
        "publish", str(CLIP), "--title", "Rotated loaf", "--connection", connection
    )
    assert published.returncode == 0, published.stdout + published.stderr
    old = re.search(r"backups hold: (\d+)", rotated.stderr)
    assert old is not None
    refused = machine.run("rotate-keys", "--retire", old.group(1))
    assert refused.returncode == 1
    assert "Temporal still has" in refused.stderr


def test_a_second_one_on_the_same_folder_is_refused(machine: Machine, up: Up) -> None:
    second = machine.run("up")
    assert second.returncode == 1
    assert "already running" in second.stderr


def test_a_file_is_published_by_hand(machine: Machine, connection: str) -> None:
    published = machine.run("publish", str(CLIP), "--title", "First loaf", "--privacy", "unlisted")
    assert published.returncode == 0, published.stdout + published.stderr
    assert "published: https://www.youtube.com/watch?v=" in published.stdout
    told = machine.run("timeline", published.stdout.split()[0])
    assert told.returncode == 0, told.stderr
    assert "It is published: https://www.youtube.com/watch?v=" in told.stdout
    assert "YouTube opened an upload session." in told.stdout
    assert hashlib.sha256(CLIP.read_bytes()).hexdigest() in told.stdout


def test_what_cannot_be_published_is_a_sentence(machine: Machine, connection: str) -> None:
    missing = machine.run("publish", "/nowhere/at/all.mp4", "--title", "No loaf")
    assert missing.returncode == 1
    assert missing.stderr.startswith("castline: ")
    assert "Traceback" not in missing.stderr


def test_a_wrong_key_is_a_sentence(machine: Machine, up: Up, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("cl_wrong")
    refused = machine.run("watch", "--key-file", str(tmp_path / "key"))
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr


def test_a_killed_part_comes_back_and_it_is_said(machine: Machine, up: Up, key: str) -> None:
    killed = up.child("worker")
    os.kill(killed, signal.SIGKILL)
    up.wait_for(r"worker ended \(signal SIGKILL\)")
    eventually(lambda: "worker" in " ".join(up.children().values()))
    assert up.child("worker") != killed
    again = machine.run("publish", str(CLIP), "--title", "Second loaf", seconds=90)
    assert again.returncode == 0, again.stdout + again.stderr


def test_keys_are_listed_and_end(machine: Machine, up: Up, key: str) -> None:
    made = machine.run("keys", "create", "--label", "spare")
    spare = made.stdout.strip()
    (key_id,) = filter(is_id, made.stderr.replace(":", " ").split())
    listed = machine.run("keys", "list")
    assert spare not in listed.stdout
    assert "spare" in listed.stdout
    headers = {"Authorization": f"Bearer {spare}"}
    assert httpx2.get(f"{machine.url}/api/v1/videos", headers=headers).status_code == 200
    assert machine.run("keys", "revoke", key_id).returncode == 0
    assert httpx2.get(f"{machine.url}/api/v1/videos", headers=headers).status_code == 401


def test_connecting_pages_shows_each_and_what_was_left_out(
    machine: Machine, up: Up, connection: str
) -> None:
    with subprocess.Popen(
        machine.command("connect", "facebook"),
        env=machine.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as connecting:
        assert connecting.stdout is not None
        consent(connecting.stdout.readline().strip())
        shown, told = connecting.communicate(timeout=30)
    assert connecting.returncode == 0, told
    assert len(re.findall(r"[\w-]{36} +facebook +Blue Door (?:Bakery|Catering)", shown)) == 2, shown
    left_out = [line for line in told.splitlines() if line.startswith("left out: ")]
    assert [line.split(".")[0] for line in left_out] == [
        "left out: Blue Door Archive",
        "left out: Blue Door Partner",
    ]
    which = machine.run("publish", str(CLIP), "--title", "Which loaf")
    assert which.returncode == 1
    assert "Which connection?" in which.stderr


def test_it_ends_in_time_and_leaves_nothing(machine: Machine, up: Up, connection: str) -> None:
    children = up.children()
    assert len(children) == 4
    code, seconds = up.stop()
    assert code == 0, up.said
    assert seconds < 10
    assert not any(is_alive(pid) for pid in children)
    socket.create_server(("127.0.0.1", machine.ports[0])).close()


def test_keys_rotate_while_it_is_down_too_and_state_survives(
    machine: Machine, up: Up, connection: str
) -> None:
    assert up.process.poll() == 0
    rotated = machine.run("rotate-keys")
    assert rotated.returncode == 0, rotated.stderr
    assert re.search(r"[1-9]\d* stored values were resealed", rotated.stderr)
    with machine.up() as again:
        listed = machine.run("watch")
        assert "First loaf" in listed.stdout
        assert "Second loaf" in listed.stdout
        third = machine.run(
            "publish", str(CLIP), "--title", "Third loaf", "--connection", connection
        )
        assert third.returncode == 0, third.stdout + third.stderr
        videos = httpx2.get(f"{machine.emulator}/_emulator/state").json()["videos"]
        assert sorted(video["title"] for video in videos) == [
            "First loaf",
            "Rotated loaf",
            "Second loaf",
            "Third loaf",
            "Waiting loaf",
        ]
        children = again.children()
        assert again.stop(signal.SIGINT)[0] == 0
    assert not any(is_alive(pid) for pid in children)


def test_a_lost_database_beside_temporals_state_is_one_sentence_with_a_way_out(
    machine: Machine, up: Up
) -> None:
    if up.process.poll() is None:
        up.stop()
    kept = [
        (path, path.with_name(f"kept-{path.name}")) for path in machine.data.glob("castline.db*")
    ]
    for path, aside in kept:
        path.rename(aside)
    refused = machine.run("up", seconds=120)
    assert refused.returncode == 1
    (sentence,) = [line for line in refused.stderr.splitlines() if line.startswith("castline: ")]
    assert "temporal.db belongs to installation " in sentence
    assert "the database is new" in sentence
    assert "`castline restore`" in sentence
    assert "delete temporal.db, temporal.db-shm and temporal.db-wal" in sentence
    assert "worker" not in refused.stdout, "no worker is started on it"
    for path in machine.data.glob("castline.db*"):
        path.unlink()
    for path, aside in kept:
        aside.rename(path)


def test_a_temporal_that_never_starts_again_is_a_sentence_with_a_way_out(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.data.mkdir(mode=0o700)
    # As it is left where its first start met a full disk: there, and without its tables.
    with closing(sqlite3.connect(machine.data / "temporal.db")) as half:
        half.execute("CREATE TABLE namespaces_of_no_use (id INTEGER)")
    refused = machine.run("up", seconds=120)
    assert refused.returncode == 1
    last = refused.stdout.splitlines()[-1]
    assert "delete temporal.db, temporal.db-shm and temporal.db-wal" in last
    assert str(machine.data.resolve()) in last


def test_a_taken_port_is_named_with_a_way_out(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    with socket.create_server(("127.0.0.1", machine.ports[1])):
        refused = machine.run("up")
    assert refused.returncode == 1
    assert f"Port {machine.ports[1]} of Temporal is taken" in refused.stderr
    assert "CASTLINE_TEMPORAL_ADDRESS=" in refused.stderr


def test_the_doctor_names_what_is_missing(tmp_path: Path) -> None:
    examined = Machine(tmp_path).run("doctor")
    assert examined.returncode == 1
    for subject in ("data folder", "key set", "database", "API"):
        assert f"fail   {subject}" in examined.stdout


def test_migrate_alone_prepares_a_machine(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    assert machine.run("keys", "list").returncode == 1
    assert machine.run("migrate").returncode == 0
    examined = machine.run("doctor").stdout
    assert "ok     database" in examined
    assert "ok     key set" in examined
    assert "fail   Temporal: does not answer" in examined
