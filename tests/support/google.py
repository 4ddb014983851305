"""Google as a YouTube test needs it: our app at an address, a credential, a script.

The emulator answers as Google does. What Google only does on a bad day, answers that are
garbage, connections that end in silence, comes from a server that follows a script.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from domain.secrets import Secret
from platforms.protocol import Credential
from platforms.youtube import GoogleApp
from platforms.youtube.channels import READ, UPLOAD
from testkit.emulator import CLIENT_ID, CLIENT_SECRET, Emulator

CREDENTIAL = Credential(Secret("access"), Secret("refresh"), None, (UPLOAD, READ))
"""Not known to anybody: for scripts, and for calls that must not be made."""

UNTOLD = (
    "https://www.googleapis.com/upload/youtube/v3/videos?upload_id=AHmUCdLx",
    "Bearer ya29.secret",
    "\ud800",
    "nul\0",
    "invalidTitle\n",
    "x" * 65,
    "",
)
"""Free text, where a code or an id is expected: secret, or not to be stored."""


def app_at(url: str) -> GoogleApp:
    return GoogleApp(
        client_id=CLIENT_ID,
        client_secret=Secret(CLIENT_SECRET),
        auth_url=f"{url}/o/oauth2/v2/auth",
        token_url=f"{url}/token",
        revoke_url=f"{url}/revoke",
        api_root=f"{url}/",
    )


def upload_others(emulator: Emulator, access_token: Secret, count: int) -> None:
    """Put so many videos that are not ours onto a channel, past our own client."""
    emulator.switch(uploads_per_day=count + 100)
    for _ in range(count):
        emulator.http.post(
            "/upload/youtube/v3/videos?uploadType=media&part=snippet",
            content=b"x",
            headers={
                "Authorization": f"Bearer {access_token.reveal()}",
                "Content-Type": "video/mp4",
            },
        ).raise_for_status()


@dataclass
class Scripted:
    """A server that says what it is told to and remembers what it was asked."""

    url: str = ""
    answers: list[tuple[int, Any]] = field(default_factory=list)
    asked: list[tuple[str, str, bytes]] = field(default_factory=list)
    cookies: list[str | None] = field(default_factory=list)


@contextmanager
def scripted_server() -> Iterator[Scripted]:
    """Run a server that gives the script's answers in turn, and none after the last."""
    script = Scripted()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            script.asked.append((self.command, self.path, body))
            status, content = script.answers.pop(0) if script.answers else (0, None)
            if not status:
                # Hangs up after the request has arrived, without a word.
                self.close_connection = True
                return
            data = content.encode() if isinstance(content, str) else json.dumps(content).encode()
            script.cookies.append(self.headers.get("cookie"))
            self.send_response(status)
            self.send_header("set-cookie", "account=the-first; Path=/")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST  # noqa: N815 - the base class wants the name

        def log_message(self, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    script.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield script
    server.shutdown()
    server.server_close()
