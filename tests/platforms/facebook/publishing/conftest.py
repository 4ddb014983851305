import hashlib
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from domain.secrets import Secret
from media.file import FileSource, open_file
from media.policy import SourcePolicy
from platforms.facebook import Facebook
from platforms.protocol import Account, Publication
from platforms.transfer import engine
from platforms.transfer.machine import Finished, Upload
from testkit.emulator import Emulator
from tests.platforms.facebook.conftest import CHUNK, Connect

SIZE = 3 * CHUNK + 1000
CALLS = {"video": "page_videos", "reel": "reels"}
"""The emulator's names of a type's operations."""


class Killed(Exception):
    """Stands for the end of the process: whoever raises it is not heard of again."""


@dataclass
class Sender:
    """Sends one publication on one session, as often as processes are killed and begun."""

    facebook: Facebook
    emulator: Emulator
    account: Account
    publication: Publication
    source: FileSource
    handle: Secret
    pauses: list[float] = field(default_factory=list)
    intents: int = 0

    def run(
        self,
        *,
        fresh: bool = False,
        on_pause: Callable[[], object] = lambda: None,
        on_finish: Callable[[], object] = lambda: None,
    ) -> Finished:
        """Run a process until the upload is done, or somebody raises `Killed`."""

        def pause(seconds: float) -> None:
            self.pauses.append(seconds)
            on_pause()

        def before_finish() -> None:
            self.intents += 1
            on_finish()

        return engine.run(
            self.machine(fresh=fresh),
            self.source,
            on_progress=lambda _: None,
            before_finish=before_finish,
            pause=pause,
        )

    def machine(self, *, fresh: bool = False) -> Upload:
        return self.facebook.upload(
            self.handle,
            self.publication,
            lambda: self.account.credential.access_token,
            fresh=fresh,
            finish_sent_at=datetime.now(UTC) if self.intents else None,
        )

    def fault(self, call: str, kind: str, **options: Any) -> int:
        """Order a fault at a call of this type's own: transfer, finish."""
        operation = f"{CALLS[self.publication.type]}.{call}"
        return self.emulator.fault(operation, kind, platform="facebook", **options)

    def calls(self, call: str) -> int:
        return self.emulator.calls(f"{CALLS[self.publication.type]}.{call}")

    def the_one_video(self) -> dict[str, Any]:
        """The only video there is; its bytes are the source's and it was finished once."""
        videos = [video for video in self.emulator.videos() if video["platform"] == "facebook"]
        assert len(videos) == 1
        assert videos[0]["sha256"] == digest(self.source)
        assert videos[0]["finishes"] == 1
        return videos[0]

    def videos(self) -> int:
        return sum(video["platform"] == "facebook" for video in self.emulator.videos())


def digest(source: FileSource) -> str:
    whole = bytearray(source.pin.size)
    source.seek(0)
    assert source.read_into(memoryview(whole)) == len(whole)
    return hashlib.sha256(whole).hexdigest()


@pytest.fixture
def bakery(connect: Connect) -> Account:
    return connect()


@pytest.fixture
def publication(bakery: Account) -> Publication:
    return Publication(
        account_id=bakery.id,
        marker="01a21238-d23d-7988-97a6-b5c4d3e2f100.mp4",
        type="video",
        payload={"title": "Sourdough", "privacy": "public"},
        size=SIZE,
        content_type="video/mp4",
        file_name="sourdough.mp4",
    )


@pytest.fixture
def source(tmp_path: Path) -> Iterator[FileSource]:
    path = tmp_path / "sourdough.mp4"
    path.write_bytes(secrets.token_bytes(SIZE))
    source = open_file(path.as_uri(), policy=SourcePolicy(roots=(path.parent,)))
    yield source
    source.close()


Send = Callable[..., Sender]


@pytest.fixture
def sending(
    facebook: Facebook,
    emulator: Emulator,
    bakery: Account,
    publication: Publication,
    source: FileSource,
) -> Send:
    """Opens a session for a type and a payload and returns its sender."""

    def sending(type: str, **payload: Any) -> Sender:
        wanted = replace(publication, type=type, payload={**publication.payload, **payload})
        handle = facebook.open_session(bakery.credential, wanted)
        return Sender(facebook, emulator, bakery, wanted, source, handle)

    return sending


@pytest.fixture(params=["video", "reel"])
def sender(request: pytest.FixtureRequest, sending: Send) -> Sender:
    """One for each of the two routes."""
    return sending(request.param)
