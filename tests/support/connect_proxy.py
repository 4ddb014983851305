"""An HTTP proxy that knows CONNECT and nothing else, and writes down what it was asked for."""

import base64
import select
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from transport.proxies import Proxies, choose_proxies


@dataclass
class ConnectProxy:
    """Runs in threads. With `user` it wants that user and `password`, and else answers 407."""

    user: str = ""
    password: str = ""
    tls: ssl.SSLContext | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    """Where names lead that only this proxy knows."""
    status: int = 0
    """Answer this to everything, and connect to nothing."""
    unix: Path | None = None
    """Listen at this socket as well."""
    asked: list[str] = field(default_factory=list)
    """`host:port` of every CONNECT that was let through, in its order."""
    heads: list[str] = field(default_factory=list)
    """Every request, whatever became of it."""

    def __enter__(self) -> "ConnectProxy":
        self._listeners = [socket.create_server(("127.0.0.1", 0))]
        if self.unix is not None:
            self._listeners.append(socket.socket(socket.AF_UNIX))
            self._listeners[1].bind(str(self.unix))
            self._listeners[1].listen()
        for listener in self._listeners:
            threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for listener in self._listeners:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    @property
    def port(self) -> int:
        return int(self._listeners[0].getsockname()[1])

    @property
    def url(self) -> str:
        """With user and password where it wants them."""
        return self.url_on(self.port)

    def proxies(self, **more: Any) -> Proxies:
        """Those of a way whose every connection goes through this one."""
        return choose_proxies(self.url, {}, **more)

    def url_on(self, port: int) -> str:
        """Its URL where another port leads to it."""
        login = f"{self.user}:{self.password}@" if self.user else ""
        scheme, host = ("https", "localhost") if self.tls else ("http", "127.0.0.1")
        return f"{scheme}://{login}{host}:{port}"

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        with suppress(OSError), plain, self._encrypted(plain) as client:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                byte = client.recv(1)
                if not byte:
                    return
                head += byte
            self._answer(client, head.decode("latin-1"))

    def _encrypted(self, plain: socket.socket) -> socket.socket:
        return self.tls.wrap_socket(plain, server_side=True) if self.tls else plain

    def _answer(self, client: socket.socket, head: str) -> None:
        self.heads.append(head)
        method, target, _ = head.split("\r\n")[0].split()
        status = self.status or (0 if method == "CONNECT" else 405)
        if not status and self.user and not self._is_known(head):
            status = 407
        if status:
            client.sendall(b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % status)
            return
        self.asked.append(target)
        host, _, port = target.rpartition(":")
        host = host.strip("[]")
        try:
            there = socket.create_connection((self.names.get(host, host), int(port)), timeout=10)
        except OSError:
            client.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            return
        with there:
            there.settimeout(None)
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            join(client, there)

    def _is_known(self, head: str) -> bool:
        login = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return f"\r\nproxy-authorization: basic {login.lower()}\r\n" in head.lower()


def join(one: socket.socket, other: socket.socket) -> None:
    """Pass on bytes both ways until both sides have ended; with TLS, until one has."""
    if isinstance(one, ssl.SSLSocket):
        # Two threads at one of these end the process.
        _take_turns(one, other)
        return
    back = threading.Thread(target=_pass_on, args=(other, one), daemon=True)
    back.start()
    _pass_on(one, other)
    back.join()


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def _take_turns(encrypted: ssl.SSLSocket, plain: socket.socket) -> None:
    sinks: dict[socket.socket, socket.socket] = {encrypted: plain, plain: encrypted}
    while True:
        ready = [encrypted] if encrypted.pending() else select.select(list(sinks), [], [])[0]
        for source in ready:
            data = source.recv(1 << 16)
            if not data:
                return
            sinks[source].sendall(data)
