"""A server that does to each connection exactly what a test says."""

import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

Serve = Callable[[socket.socket], object]


@dataclass
class RawServer:
    """Runs `serve` for each connection, in a thread, and hangs up when it returns."""

    serve: Serve
    tls: ssl.SSLContext | None = None
    host: str = "127.0.0.1"
    heads: list[str] = field(default_factory=list)
    """Of every request that `read_request` has read."""
    connections: int = 0
    closed: threading.Event = field(default_factory=threading.Event)
    """Set at the end: what says nothing waits for it."""

    def __enter__(self) -> Self:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self._listener = socket.create_server((self.host, 0), family=family)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closed.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        name = "localhost" if self.host == "127.0.0.1" else f"[{self.host}]"
        return f"{'https' if self.tls else 'http'}://{name}:{self.port}/session"

    def read_request(self, connection: socket.socket) -> bytes:
        """Read one request; return its body. Raises `ConnectionError` when there is none."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = connection.recv(1)
            if not byte:
                raise ConnectionError
            head += byte
        self.heads.append(head.decode())
        lengths = [
            int(line.partition(":")[2])
            for line in head.decode().splitlines()
            if line.lower().startswith("content-length:")
        ]
        body = b""
        while len(body) < sum(lengths):
            piece = connection.recv(1 << 16)
            if not piece:
                raise ConnectionError
            body += piece
        return body

    def _accept(self) -> None:
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._run, args=(plain,), daemon=True).start()

    def _run(self, plain: socket.socket) -> None:
        try:
            with self.tls.wrap_socket(plain, server_side=True) if self.tls else plain as connection:
                self.serve(connection)
        except OSError:
            pass
