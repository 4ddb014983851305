"""A file and a host that nobody may touch: they say whether somebody did."""

import ctypes
import os
import socket
import threading
from contextlib import suppress
from pathlib import Path

_IN_OPEN = 0x20


class CanaryFile:
    """A playable file; `was_opened` tells whether any process has opened it since."""

    def __init__(self, path: Path, content: bytes) -> None:
        path.write_bytes(content)
        libc = ctypes.CDLL(None, use_errno=True)
        self.path = path
        self._watch = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        assert libc.inotify_add_watch(self._watch, os.fsencode(path), _IN_OPEN) >= 0

    @property
    def was_opened(self) -> bool:
        try:
            return bool(os.read(self._watch, 4096))
        except BlockingIOError:
            return False

    def close(self) -> None:
        os.close(self._watch)


class CanaryHost:
    """A listener on loopback; it counts who connects, and answers nobody."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port: int = self._server.getsockname()[1]
        self.connections: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                self.connections.append(self._server.accept()[0])
            except OSError:
                return

    def close(self) -> None:
        """Hang up on everybody. May be called again."""
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for connection in self.connections:
            connection.close()
