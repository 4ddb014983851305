"""An endpoint of a customer's: takes webhooks over real HTTP, and can be told to misbehave."""

import json
import ssl
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Webhook:
    """One request, as it came."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.body)
        return told


@dataclass
class Receiver:
    """Answers with `status` and keeps what came. `answers` are used up first."""

    tls: ssl.SSLContext | None = None
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    answers: deque[int] = field(default_factory=deque)
    drips: bool = False
    """Send one byte of the answer after the other, without an end."""
    webhooks: list[Webhook] = field(default_factory=list)
    under_way: int = 0
    """Requests without a whole answer yet."""
    most_under_way: int = 0

    def __enter__(self) -> "Receiver":
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._ended = threading.Event()
        self._lock = threading.Lock()
        if self.tls:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://localhost:{self.port}/hook?signature=secret"

    @property
    def port(self) -> int:
        port: int = self._server.server_port
        return port

    @property
    def events(self) -> list[dict[str, Any]]:
        """What was told, in the order in which it came; repetitions, too."""
        return [webhook.event for webhook in self.webhooks]

    @property
    def types(self) -> list[str]:
        return [event["type"] for event in self.events]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                with receiver.counted():
                    receiver.take(self)

            def log_message(self, *_: object) -> None:
                pass

        return Handler

    @contextmanager
    def counted(self) -> Iterator[None]:
        with self._lock:
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            yield
        finally:
            with self._lock:
                self.under_way -= 1

    def take(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["Content-Length"]))
        # Who waits for a webhook finds it only once the answer is decided.
        status = self.answers.popleft() if self.answers else self.status
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.webhooks.append(Webhook(request.path, headers, body))
        if self.drips:
            self._drip(request)
            return
        request.send_response(status)
        for name, value in {"Content-Length": "0", **self.headers}.items():
            request.send_header(name, value)
        request.end_headers()

    def _drip(self, request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nx-drip: ")
        try:
            while not self._ended.wait(0.2):
                request.wfile.write(b".")
                request.wfile.flush()
        except OSError:
            pass  # whoever has waited long enough hangs up
