"""A TCP proxy in front of a database, which can refuse, hang or break off as a network does."""

import socket
import struct
import threading
from contextlib import suppress
from pathlib import Path

_STARTING_UP = b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0"


class DatabaseProxy:
    """Listens on a free port of this machine. `behave` changes it for every connection at once."""

    def __init__(self, server: Path) -> None:
        """`server`: the Unix socket of the database."""
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._way = "pass"
        self._open: list[socket.socket] = []
        self._hanging = threading.Event()
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def behave(self, way: str) -> None:
        """`pass`, `refuse`, `reset`, `hang` (also on what is open), or `start` (a start-up)."""
        if self._way == "refuse" != way:
            self._listener = socket.create_server(("127.0.0.1", self.port))
            threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()
        self._way = way
        if way == "hang":
            self._hanging.set()
            return
        self._hanging.clear()
        if way == "refuse":
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        if way != "pass":
            self._cut()

    def close(self) -> None:
        self._way = "refuse"
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._cut()

    def _cut(self) -> None:
        while self._open:
            _reset(self._open.pop())

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            if self._way == "reset":
                _reset(client)
                continue
            self._open.append(client)
            if self._way == "start":
                with suppress(OSError):
                    client.recv(4096)
                    size = struct.pack("!i", len(_STARTING_UP) + 4)
                    client.sendall(b"E" + size + _STARTING_UP)
                    client.close()
            elif self._way == "pass":
                server = socket.socket(socket.AF_UNIX)
                server.connect(str(self._server))
                self._open.append(server)
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=self._carry, args=ends, daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(65536):
                if not self._hanging.is_set():
                    target.sendall(piece)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)


def _reset(connection: socket.socket) -> None:
    """Close it with a reset instead of an end."""
    with suppress(OSError):
        linger = struct.pack("ii", 1, 0)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
