"""Which authorities are trusted."""

import socket
import ssl
from pathlib import Path

import pytest
import trustme

from tests.support.raw_server import RawServer
from tests.support.uploads import answer
from transport.curl import Call, Failure, Handle
from transport.trust import find_authorities


def test_the_system_s_store_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    found = find_authorities()
    assert found.file or found.folder


@pytest.mark.parametrize("is_trusted", [True, False])
def test_an_operator_s_authority_counts_from_when_it_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, is_trusted: bool
) -> None:
    ours, theirs = trustme.CA(), trustme.CA()
    file = tmp_path / "authorities.pem"
    (ours if is_trusted else theirs).cert_pem.write_to_path(file)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.issue_cert("localhost").configure_cert(context)

    def serve(connection: socket.socket) -> None:
        server.read_request(connection)
        connection.sendall(answer("200 OK"))

    handle = Handle()
    with RawServer(serve, tls=context) as server:
        call = Call("GET", server.url, "localhost", server.port, ["127.0.0.1"])
        handle.begin(call, lambda _: True)
        while not handle.step(1.0):
            pass
    handle.close()
    assert handle.failure is (None if is_trusted else Failure.UNTRUSTED)
