"""A proxy that is asked to CONNECT, in a thread of the test."""

import base64
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field

_DONE = b"HTTP/1.1 200 Connection established\r\n\r\n"
_REFUSED = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
_UNKNOWN = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
_FAILED = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"


@dataclass
class ConnectProxy:
    """Carries bytes to wherever it is asked to. With a user it wants the password, too."""

    user: str = ""
    password: str = ""
    names: dict[str, str] = field(default_factory=dict)
    """Where names lead that only this proxy knows."""
    asked: list[str] = field(default_factory=list)
    """`host:port` of every CONNECT that was let through, in its order."""

    def __enter__(self) -> "ConnectProxy":
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        """With user and password, where it wants them."""
        credentials = f"{self.user}:{self.password}@" if self.user else ""
        return f"http://{credentials}127.0.0.1:{self.port}"

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError, ValueError):
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += client.recv(1) or b"\r\n\r\n"
            lines = head.decode("latin-1").splitlines()
            method, target, _ = lines[0].split()
            if method != "CONNECT":
                client.sendall(_REFUSED)
                return
            client.sendall(self._answer(client, target, lines))

    def _answer(self, client: socket.socket, target: str, lines: list[str]) -> bytes:
        """Carry everything where that is allowed; return what is said otherwise, and at the end."""
        host, _, port = target.rpartition(":")
        host = host.strip("[]")
        token = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        if self.user and f"Proxy-Authorization: Basic {token}" not in lines:
            return _UNKNOWN
        self.asked.append(target)
        try:
            server = socket.create_connection((self.names.get(host, host), int(port)), timeout=10)
        except OSError:
            return _FAILED
        server.settimeout(None)
        with server:
            client.sendall(_DONE)
            back = threading.Thread(target=_carry, args=(server, client), daemon=True)
            back.start()
            _carry(client, server)
            back.join()
        return b""


def _carry(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
