"""An app's webhook endpoint, and what it hears."""

import json
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

WORD = "a word"


@dataclass
class Listener:
    """Repeats challenges that come with `WORD`; `answers` are used up before 200 is one."""

    answers: deque[int] = field(default_factory=deque)
    challenge: str | bytes | None = None
    """What it answers to every challenge, if not the challenge."""
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    """Headers, by names in lower case, and the body of each call."""

    def __enter__(self) -> "Listener":
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/hooks"

    @property
    def entries(self) -> list[dict[str, Any]]:
        """What was told, in the order in which it came."""
        return [json.loads(body)["entry"][0] for _, body in self.requests]

    def values_of(self, field_name: str) -> list[dict[str, Any]]:
        """The values that were told about a field."""
        changes = [entry["changes"][0] for entry in self.entries]
        return [change["value"] for change in changes if change["field"] == field_name]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                query = {n: v[0] for n, v in parse_qs(urlsplit(self.path).query).items()}
                is_known = query.get("hub.verify_token") == WORD
                self._answer(200 if is_known else 403, listener.challenge or query["hub.challenge"])

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                listener.requests.append(
                    ({name.lower(): value for name, value in self.headers.items()}, body)
                )
                self._answer(listener.answers.popleft() if listener.answers else 200, "")

            def _answer(self, status: int, text: str | bytes) -> None:
                self.send_response(status)
                content = text if isinstance(text, bytes) else text.encode()
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                with suppress(ConnectionError):  # the emulator reads no more than it needs
                    self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                return

        return Handler
