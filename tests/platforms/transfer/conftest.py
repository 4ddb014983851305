import random
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from media.digest import Digest
from media.file import open_file
from media.policy import SourcePolicy
from media.source import Source
from platforms.transfer import engine
from platforms.transfer.exchange import Exchange
from platforms.transfer.machine import Finished, Upload
from tests.support.uploads import MiniUpload, UploadServer

KIB = 1024
CHUNK = 512 * KIB
SIZE = 1300 * KIB + 7


@dataclass
class Ride:
    """One run of the engine and what it told its caller."""

    source: Source
    progress: list[int] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    intents: list[int] = field(default_factory=list)
    on_progress: Callable[[int], object] = lambda _sent: None
    before_finish: Callable[[], object] = lambda: None
    seen: list[Exchange] = field(default_factory=list)
    digest: Digest = field(default_factory=lambda: Digest(SIZE, hashes=True))

    def run(self, upload: Upload) -> Finished:
        def on_progress(sent: int) -> None:
            self.progress.append(sent)
            self.on_progress(sent)

        def before_finish() -> None:
            self.intents.append(upload.confirmed)
            self.before_finish()

        return engine.run(
            upload,
            self.source,
            on_progress=on_progress,
            before_finish=before_finish,
            pause=self.pauses.append,
            observe=self.seen.append,
            digest=self.digest,
        )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "video.bin"
    path.write_bytes(random.Random(7).randbytes(SIZE))
    return path


@pytest.fixture
def ride(path: Path) -> Iterator[Ride]:
    source = open_file(path.as_uri(), policy=SourcePolicy(roots=(path.parent,)))
    yield Ride(source)
    source.close()


@pytest.fixture
def server() -> Iterator[UploadServer]:
    with UploadServer(SIZE) as server:
        yield server


@pytest.fixture
def tls_server(tls: ssl.SSLContext) -> Iterator[UploadServer]:
    with UploadServer(SIZE, tls=tls) as server:
        yield server


@pytest.fixture
def mini() -> Callable[[UploadServer], MiniUpload]:
    return lambda server: MiniUpload(server.url, size=SIZE, chunk=CHUNK)
