"""The intake as a process, with a stranger's client; it is killed in the middle."""

import hashlib
import io
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from tusclient.client import TusClient

from testkit.clips import CLIP
from tests.support.machine import Machine, eventually

MIB = 1 << 20

_BEHIND = bytes(range(256)) * (40 * MIB // 256)
CONTENT = CLIP.read_bytes() + (len(_BEHIND) + 8).to_bytes(4) + b"free" + _BEHIND
"""A video with 40 MiB behind it, in a box that every reader of mp4 skips."""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    assert machine.run("migrate").returncode == 0
    assert machine.run("workspaces", "create", "acme").returncode == 0
    return machine


@contextmanager
def serving(machine: Machine, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    def answers() -> bool:
        try:
            return httpx2.get(f"{machine.url}/livez").is_success
        except httpx2.TransportError:
            return False

    with subprocess.Popen(machine.command("api"), env={**machine.env, **settings}) as process:
        try:
            eventually(answers, seconds=120)
            yield process
        finally:
            process.kill()


def key_of(machine: Machine) -> dict[str, str]:
    key = machine.run("keys", "create").stdout.strip()
    return {"Authorization": f"Bearer {key}"}


def file_of(machine: Machine, url: str) -> Path:
    (path,) = (machine.data / "media").glob(f"*/{url.rsplit('/', 1)[1]}")
    return path


def begin_patch(url: str, headers: dict[str, str], offset: int, content: bytes) -> socket.socket:
    """Send a part of a PATCH of all that is left, and leave the rest out."""
    place = urlsplit(url)
    connection = socket.create_connection((place.hostname, place.port or 80))
    lines = {
        **headers,
        "Host": place.netloc,
        "Tus-Resumable": "1.0.0",
        "Content-Type": "application/offset+octet-stream",
        "Upload-Offset": str(offset),
        "Content-Length": str(len(CONTENT) - offset),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    connection.sendall(f"PATCH {place.path} HTTP/1.1\r\n{head}\r\n".encode() + content)
    return connection


def test_a_killed_server_is_resumed_by_a_strangers_client_without_a_wrong_byte(
    machine: Machine,
) -> None:
    headers = key_of(machine)
    with serving(machine) as process:
        client = TusClient(f"{machine.url}/api/v1/videos/files", headers=headers)
        uploader = client.uploader(
            file_stream=io.BytesIO(CONTENT), chunk_size=5 * MIB, metadata={"filename": "a.mp4"}
        )
        uploader.upload_chunk()  # type: ignore[no-untyped-call]
        url = uploader.url
        assert url is not None
        assert uploader.offset == 5 * MIB
        with begin_patch(url, headers, 5 * MIB, CONTENT[5 * MIB : 30 * MIB]):
            file = file_of(machine, url)
            # Beyond what is synced at once, so that bytes are there which were never counted.
            eventually(lambda: file.stat().st_size > 22 * MIB)
            process.send_signal(signal.SIGKILL)
            process.wait(10)
    with serving(machine):
        told = httpx2.head(url, headers={**headers, "Tus-Resumable": "1.0.0"})
        assert 5 * MIB + 16 * MIB <= int(told.headers["Upload-Offset"]) <= file.stat().st_size
        again = client.uploader(file_stream=io.BytesIO(CONTENT), url=url, chunk_size=8 * MIB)
        again.upload()
        assert again.offset == len(CONTENT)
        assert hashlib.sha256(file.read_bytes()).digest() == hashlib.sha256(CONTENT).digest()
        registered = httpx2.post(
            f"{machine.url}/api/v1/videos",
            headers=headers,
            json={"uploadId": url.rsplit("/", 1)[1]},
            timeout=60,
        )
        assert registered.status_code == 201, registered.text


def test_what_a_client_sent_before_it_hung_up_is_kept(machine: Machine) -> None:
    headers = key_of(machine)
    with serving(machine):
        client = TusClient(f"{machine.url}/api/v1/videos/files", headers=headers)
        uploader = client.uploader(file_stream=io.BytesIO(CONTENT), chunk_size=MIB)
        uploader.upload_chunk()  # type: ignore[no-untyped-call]
        url = uploader.url
        assert url is not None
        begin_patch(url, headers, MIB, CONTENT[MIB : 3 * MIB]).close()

        def offset() -> int:
            told = httpx2.head(url, headers={**headers, "Tus-Resumable": "1.0.0"})
            return int(told.headers["Upload-Offset"])

        eventually(lambda: offset() == 3 * MIB)


def test_an_operator_sets_how_much_a_workspace_may_keep(machine: Machine) -> None:
    headers = {**key_of(machine), "Tus-Resumable": "1.0.0", "Upload-Length": "2000"}
    files = f"{machine.url}/api/v1/videos/files"
    with serving(machine):
        told = machine.run("workspaces", "quota", "0.000001")
        assert "acme may keep 1e-06 GiB" in told.stdout + told.stderr
        assert httpx2.post(files, headers=headers).json()["code"] == "storage_quota_exceeded"
        assert machine.run("workspaces", "quota").returncode == 0
        assert httpx2.post(files, headers=headers).status_code == 201


def test_expired_uploads_are_swept_by_the_running_server(machine: Machine) -> None:
    headers = key_of(machine)
    with serving(machine, CASTLINE_UPLOAD_HOURS="0.0000001"):
        answer = httpx2.post(
            f"{machine.url}/api/v1/videos/files",
            headers={**headers, "Tus-Resumable": "1.0.0", "Upload-Length": "5"},
        )
        assert answer.status_code == 201
    # The next start sweeps at once.
    with serving(machine):
        eventually(lambda: rows(machine) == 0)


def rows(machine: Machine) -> int:
    with sqlite3.connect(machine.data / "castline.db") as database:
        count: int = database.execute("SELECT count(*) FROM upload").fetchone()[0]
    return count
