import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from domain.secrets import Secret
from media.file import open_file
from media.policy import SourcePolicy
from platforms.protocol import Credential, Publication
from platforms.transfer import engine
from platforms.youtube import GoogleApp, YouTube
from testkit.emulator import ANA, Emulator
from tests.support.google import Scripted, app_at, scripted_server

REDIRECT = "http://127.0.0.1:8420/api/v1/oauth/youtube/callback"
CHUNK = 256 * 1024


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
def youtube(app: GoogleApp) -> YouTube:
    return YouTube(app, chunk_size=CHUNK)


@pytest.fixture
def managing(app: GoogleApp) -> YouTube:
    """An adapter that also asks for what captions and playlists need."""
    return YouTube(app, chunk_size=CHUNK, manages=True)


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
        account_id="UCana",
        marker="01a21238-d23d-7988-97a6-b5c4d3e2f100.mp4",
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


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    with scripted_server() as script:
        yield script


@pytest.fixture
def speaking(scripted: Scripted) -> YouTube:
    """An adapter whose Google says what the script tells it to."""
    return YouTube(app_at(scripted.url), chunk_size=CHUNK)
