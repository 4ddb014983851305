"""A web server that videos are read from, and that can be told to misbehave."""

import re
import ssl
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_TICK = 0.05
PATH = "/films/summer%20rain.mp4"


@dataclass
class Origin:
    """Serves `data` at any path. `cuts` and `refusals` are used up request by request."""

    data: bytes
    tls: ssl.SSLContext | None = None
    ranges: bool = True
    etag: str = '"one"'
    modified: str = "Sun, 22 Nov 2026 10:00:00 GMT"
    sized: bool = True
    announced: int | None = None
    """The Content-Length that is told instead of the true one."""
    chunked: bool = False
    """Send the body in chunks (HTTP/1.1), which tell no length."""
    coding: str = ""
    media_type: str = ""
    """The Content-Type, if any."""
    cuts: deque[int] = field(default_factory=deque)
    """Hang up after so many bytes of the body."""
    refusals: deque[tuple[int, str]] = field(default_factory=deque)
    """Answer this status, with this Location if there is one. Status 0 lets one request pass."""
    trickles: str = ""
    """Of which part a byte comes now and then: `head` or `body`."""
    pace: float = 0.0
    """Bytes per second of each body, behind the first `sprint`; 0: as fast as they are taken.

    It may be changed while a body is sent.
    """
    sprint: int = 0
    under_way: int = 0
    """Bodies that are being sent."""
    most_under_way: int = 0
    asked: list[str] = field(default_factory=list)
    """The Range of each request."""
    targets: list[str] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)
    """The User-Agent of each request."""
    sent: int = 0

    def __enter__(self) -> "Origin":
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._is_closed = threading.Event()
        self._lock = threading.Lock()
        if self.tls:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_closed.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def url(self) -> str:
        scheme = "https" if self.tls else "http"
        return f"{scheme}://localhost:{self.port}{PATH}?signature=secret"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        origin = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1" if origin.chunked else "HTTP/1.0"

            def do_GET(self) -> None:
                origin.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        return Handler

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        span = request.headers.get("Range", "")
        self.asked.append(span)
        self.targets.append(request.path)
        self.agents.append(request.headers.get("User-Agent", ""))
        status, location = self.refusals.popleft() if self.refusals else (0, "")
        if status:
            request.send_response(status)
            if location:
                request.send_header("Location", location)
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", span) if self.ranges else None
        first = int(found[1]) if found else 0
        last = int(found[2]) if found and found[2] else len(self.data) - 1
        body = self.data[first : last + 1]
        if self.trickles == "head":
            request.send_response(200)
            request.flush_headers()
            self._trickle(request, b"X" * len(self.data))
            return
        request.send_response(206 if found else 200)
        if found:
            request.send_header("Content-Range", f"bytes {first}-{last}/{len(self.data)}")
        told = {
            "ETag": self.etag,
            "Last-Modified": self.modified,
            "Content-Encoding": self.coding,
            "Content-Type": self.media_type,
        }
        for name, value in told.items():
            if value:
                request.send_header(name, value)
        if self.chunked:
            request.send_header("Transfer-Encoding", "chunked")
        elif self.sized:
            length = len(body) if self.announced is None else self.announced
            request.send_header("Content-Length", str(length))
        request.end_headers()
        if self.trickles == "body":
            self._trickle(request, body)
            return
        cut = self.cuts.popleft() if self.cuts else len(body)
        with self._counted():
            sent = _in_chunks(body) if self.chunked else body[:cut]
            self._send(request, sent, sprint=max(self.sprint - first, 0))

    def _trickle(self, request: BaseHTTPRequestHandler, data: bytes) -> None:
        try:
            for byte in data:
                request.wfile.write(bytes([byte]))
                if self._is_closed.wait(0.02):
                    break
        except OSError:
            pass  # whoever has waited enough hangs up

    def _send(self, request: BaseHTTPRequestHandler, body: bytes, *, sprint: int) -> None:
        start = 0
        try:
            while start < len(body):
                is_paced = self.pace > 0 and start >= sprint
                piece = max(int(self.pace * _TICK), 1) if is_paced else 65536
                start += (count := request.wfile.write(body[start : start + piece]))
                self.sent += count
                if is_paced and not self._wait_for(piece):
                    return
        except OSError:
            pass  # whoever has seen enough hangs up

    def _wait_for(self, piece: int) -> bool:
        """Let the time of a piece pass, or as long as the pace lasts. False: it is closed."""
        until = time.monotonic() + piece / self.pace
        while self.pace and (left := until - time.monotonic()) > 0:
            if self._is_closed.wait(min(left, _TICK)):
                return False
        return True

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._lock:
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            yield
        finally:
            with self._lock:
                self.under_way -= 1


def _in_chunks(body: bytes) -> bytes:
    pieces = [body[start : start + 4096] for start in range(0, len(body), 4096)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in [*pieces, b""])
