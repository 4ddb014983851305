"""The emulator under TLS: whom its certificate names, and how long it is kept."""

import re
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from emulator.tls import LOCAL_NAMES, REAL_NAMES
from testkit.emulator import Emulator
from tests.emulator.stranger import KIB256, Stranger, sha256, some_bytes

NAMES = [
    "accounts.google.com",
    "oauth2.googleapis.com",
    "openidconnect.googleapis.com",
    "www.googleapis.com",
    "youtube.googleapis.com",
    "www.youtube.com",
    "youtu.be",
    "graph.facebook.com",
    "graph-video.facebook.com",
    "rupload.facebook.com",
    "www.facebook.com",
    "m.facebook.com",
    "localhost",
    "127.0.0.1",
]


ALL_NAMES = [*REAL_NAMES, *LOCAL_NAMES]


@contextmanager
def started(folder: Path) -> Iterator[Emulator]:
    emulator = Emulator.start(tls=folder)
    try:
        yield emulator
    finally:
        assert emulator.stop() == 0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "tls"


def test_an_upload_under_tls(folder: Path) -> None:
    with started(folder) as emulator:
        assert emulator.url.startswith("https://127.0.0.1:")
        data = some_bytes(2 * KIB256 + 1)
        ana = Stranger(emulator).connect()
        assert ana.session(len(data)).startswith(emulator.url)
        ana.upload(data)
        assert emulator.videos()[0]["sha256"] == sha256(data)


def test_the_certificate_is_for_the_platforms_real_names(folder: Path) -> None:
    with started(folder) as emulator:
        trust = ssl.create_default_context(cafile=folder / "authority.pem")
        port = int(emulator.url.rpartition(":")[2])
        for name in NAMES:
            with (
                socket.create_connection(("127.0.0.1", port)) as connection,
                trust.wrap_socket(connection, server_hostname=name),
            ):
                pass
        with (
            pytest.raises(ssl.SSLCertVerificationError, match="mismatch"),
            socket.create_connection(("127.0.0.1", port)) as connection,
        ):
            trust.wrap_socket(connection, server_hostname="www.example.com")


def test_the_key_is_its_owners_alone_and_the_authoritys_is_nowhere(folder: Path) -> None:
    with started(folder):
        pass
    modes = {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()}
    assert modes.pop("server.pem") == 0o600
    assert modes == dict.fromkeys(["authority.pem", "environment", "hosts"], 0o644)
    keys = [file for file in folder.iterdir() if "PRIVATE KEY" in file.read_text()]
    assert [file.name for file in keys] == ["server.pem"]
    assert keys[0].read_text().count("PRIVATE KEY-----") == 2  # its begin and its end
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    with pytest.raises(ssl.SSLError, match=r"(?i)mismatch"):
        server.load_cert_chain(folder / "authority.pem", keys[0])


def test_the_authority_stays_the_same(folder: Path) -> None:
    with started(folder):
        before = (folder / "authority.pem").read_bytes()
    with started(folder):
        assert (folder / "authority.pem").read_bytes() == before


def foreign(folder: Path, *names: str, days: float) -> bytes:
    """Put a certificate into the folder that lasts so long; return its authority."""
    authority = trustme.CA()
    end = datetime.now(UTC) + timedelta(days=days)
    issued = authority.issue_cert(*names, not_before=end - timedelta(days=30), not_after=end)
    folder.mkdir()
    issued.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    return authority.cert_pem.bytes()


@pytest.mark.parametrize(
    ("names", "days"),
    [(ALL_NAMES, -1), (ALL_NAMES, 1), (["localhost", "127.0.0.1"], 60)],
    ids=["expired", "about to expire", "without the real names"],
)
def test_a_certificate_that_is_no_longer_good_is_made_again(
    folder: Path, names: list[str], days: float
) -> None:
    before = foreign(folder, *names, days=days)
    with started(folder) as emulator:
        assert (folder / "authority.pem").read_bytes() != before
        assert emulator.state()["calls"] == {}


def test_a_certificate_that_is_good_is_kept_whoever_made_it(folder: Path) -> None:
    before = foreign(folder, *ALL_NAMES, days=60)
    with started(folder):
        assert (folder / "authority.pem").read_bytes() == before


def test_a_folder_with_half_a_certificate_is_made_again(folder: Path) -> None:
    foreign(folder, *ALL_NAMES, days=60)
    (folder / "server.pem").write_text("-----BEGIN CERTIFICATE-----")
    with started(folder) as emulator:
        assert emulator.state()["calls"] == {}


def test_it_prints_what_clients_need(folder: Path) -> None:
    command = [sys.executable, "-m", "emulator", "--tls", "--tls-folder", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as emulator:
        assert emulator.stdout is not None
        lines = [emulator.stdout.readline().strip() for _ in range(9)]
        emulator.terminate()
    assert str(folder / "authority.pem") in lines[1]
    exports = [re.fullmatch(r"export (\w+)=(.+)", line) for line in lines]
    assert {found[1]: found[2] for found in exports if found} == dict.fromkeys(
        [
            "SSL_CERT_FILE",
            "REQUESTS_CA_BUNDLE",
            "HTTPLIB2_CA_CERTS",
            "NODE_EXTRA_CA_CERTS",
            "CURL_CA_BUNDLE",
        ],
        str(folder / "authority.pem"),
    )
    hosts = (folder / "hosts").read_text().splitlines()
    assert {f"127.0.0.1 {name}" for name in NAMES if name != "127.0.0.1"} <= set(hosts)
