import json
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from domain.secrets import Secret
from media.file import open_file
from media.policy import SourcePolicy
from platforms.protocol import Credential, Publication
from platforms.transfer import engine
from platforms.youtube import GoogleApp, YouTube
from tests.support.emulator import ANA, CLIENT_ID, CLIENT_SECRET, Emulator

REDIRECT = "http://127.0.0.1:8420/api/v1/oauth/youtube/callback"
CHUNK = 256 * 1024


def app_at(url: str) -> GoogleApp:
    return GoogleApp(
        client_id=CLIENT_ID,
        client_secret=Secret(CLIENT_SECRET),
        auth_url=f"{url}/o/oauth2/v2/auth",
        token_url=f"{url}/token",
        revoke_url=f"{url}/revoke",
        api_root=f"{url}/",
    )


@pytest.fixture(scope="session")
def emulator_process() -> Iterator[Emulator]:
    emulator = Emulator.start()
    yield emulator
    emulator.stop()


@pytest.fixture
def emulator(emulator_process: Emulator) -> Emulator:
    emulator_process.reset()
    emulator_process.switch(processing_seconds=0)
    return emulator_process


@pytest.fixture
def app(emulator: Emulator) -> GoogleApp:
    return app_at(emulator.url)


@pytest.fixture
def youtube(app: GoogleApp, tmp_path: Path) -> YouTube:
    policy = SourcePolicy(roots=(tmp_path,))
    return YouTube(app, chunk_size=CHUNK, policy=policy)


@pytest.fixture
def managing(app: GoogleApp, tmp_path: Path) -> YouTube:
    """An adapter that also asks for what captions and playlists need."""
    policy = SourcePolicy(roots=(tmp_path,))
    return YouTube(app, chunk_size=CHUNK, policy=policy, manages=True)


Connect = Callable[..., Credential]
Publish = Callable[..., str]


@pytest.fixture
def connect(emulator: Emulator, youtube: YouTube) -> Connect:
    def connect(
        account: str = ANA, scopes: list[str] | None = None, adapter: YouTube = youtube
    ) -> Credential:
        verifier = Secret(secrets.token_urlsafe(48))
        url = adapter.consent_url(state=Secret("s"), redirect_uri=REDIRECT, verifier=verifier)
        location = emulator.consent(url, account=account, scopes=scopes)
        code = Secret(parse_qs(urlsplit(location).query)["code"][0])
        return adapter.redeem(code=code, redirect_uri=REDIRECT, verifier=verifier)

    return connect


@pytest.fixture
def publication() -> Publication:
    return Publication(
        marker="asg_0123456789abcdef.mp4",
        type="video",
        payload={"title": "Sourdough"},
        size=3 * CHUNK + 1000,
        content_type="video/mp4",
        file_name="sourdough.mp4",
    )


@pytest.fixture
def source_url(tmp_path: Path, publication: Publication) -> str:
    path = tmp_path / publication.file_name
    path.write_bytes(secrets.token_bytes(publication.size))
    return path.as_uri()


@pytest.fixture
def publish(youtube: YouTube, source_url: str, tmp_path: Path) -> Publish:
    """Send all the bytes, on a session of its own or a given one; return the video's id."""

    def publish(
        credential: Credential,
        publication: Publication,
        *,
        session: Secret | None = None,
        tokens: Iterable[Secret] = (),
        adapter: YouTube = youtube,
    ) -> str:
        supply = iter(tokens)
        machine = adapter.upload(
            session or adapter.open_session(credential, publication),
            publication,
            lambda: next(supply, credential.access_token),
            fresh=session is None,
        )
        with closing(open_file(source_url, policy=SourcePolicy(roots=(tmp_path,)))) as source:
            return engine.run(
                machine,
                source,
                on_progress=lambda _: None,
                before_finish=lambda: None,
                pause=lambda _: None,
            ).platform_id

    return publish


@dataclass
class Scripted:
    """A server that says what it is told to and remembers what it was asked."""

    url: str = ""
    answers: list[tuple[int, Any]] = field(default_factory=list)
    asked: list[tuple[str, str, bytes]] = field(default_factory=list)
    cookies: list[str | None] = field(default_factory=list)

    def app(self) -> GoogleApp:
        return app_at(self.url)


@pytest.fixture
def scripted() -> Iterator[Scripted]:
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
