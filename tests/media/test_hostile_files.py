"""Files made to harm: what they name is not opened, nobody is called, and they end in time."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from domain.errors import SourceUnusable
from media.facts import inspect
from media.policy import SourcePolicy
from media.probe.pool import ProbePool
from testkit.boxes import refer_by_dref, refer_by_rdrf
from testkit.clips import CLIP, ENDLESS, SWOLLEN
from tests.support.canary import CanaryFile, CanaryHost
from tests.support.manifests import KINDS, manifest

REFERENCES: dict[str, Callable[[str], bytes]] = {
    "dref": lambda place: refer_by_dref(CLIP.read_bytes(), place),
    "rdrf": refer_by_rdrf,
}


@pytest.fixture
def file(tmp_path: Path) -> Iterator[CanaryFile]:
    """Outside of every root."""
    file = CanaryFile(tmp_path / "canary.mp4", CLIP.read_bytes())
    yield file
    file.close()


@pytest.fixture
def host() -> Iterator[CanaryHost]:
    host = CanaryHost()
    yield host
    host.close()


@pytest.fixture
def places(file: CanaryFile, host: CanaryHost) -> list[str]:
    """Addresses of the two canaries."""
    schemes = ("http", "https", "gopher", "dict", "ftp")
    hosts = [f"{scheme}://127.0.0.1:{host.port}/x.mp4" for scheme in schemes]
    return [str(file.path), file.path.as_uri(), file.path.name, *hosts]


@pytest.fixture
def opened(tmp_path: Path) -> Path:
    folder = tmp_path / "opened"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_a_manifest_is_refused_and_names_nothing_that_is_touched(
    opened: Path, places: list[str], file: CanaryFile, host: CanaryHost, kind: str
) -> None:
    for place in places:
        path = opened / "video.mp4"
        path.write_bytes(manifest(kind, place))
        with pytest.raises(SourceUnusable) as raised:
            inspect(path.as_uri(), SourcePolicy(roots=(opened,)))
        assert raised.value.code == "source_not_a_video"
    assert not file.was_opened
    assert not host.connections


@pytest.mark.parametrize("kind", ["hls", "dash", "smooth", "dash after a byte order mark"])
def test_a_manifest_that_reached_the_parser_would_touch_nothing_either(
    places: list[str], file: CanaryFile, host: CanaryHost, kind: str
) -> None:
    pool = ProbePool()
    for place in places:
        content = manifest(kind, place)

        def read(offset: int, size: int, content: bytes = content) -> bytes:
            return content[offset : offset + size]

        try:
            found = pool.probe(len(content), read)
        except SourceUnusable:
            continue  # ended by its bounds
        assert (found.width, found.duration_ms) == (None, None)
    pool.close()
    assert not file.was_opened
    assert not host.connections


@pytest.mark.parametrize("kind", REFERENCES)
def test_a_reference_to_other_media_is_not_followed(
    opened: Path, places: list[str], file: CanaryFile, host: CanaryHost, kind: str
) -> None:
    for place in places:
        path = opened / "video.mp4"
        path.write_bytes(REFERENCES[kind](place))
        with suppress(SourceUnusable):  # or its own part of the facts is told
            inspect(path.as_uri(), SourcePolicy(roots=(opened,)))
    assert not file.was_opened
    assert not host.connections


def test_a_canary_file_notices_that_it_is_opened(file: CanaryFile, host: CanaryHost) -> None:
    file.path.read_bytes()
    assert file.was_opened
    assert not host.connections


@pytest.mark.parametrize("file", [ENDLESS, SWOLLEN], ids=lambda file: file.stem)
def test_a_file_that_makes_the_parser_run_away_is_refused_in_time(opened: Path, file: Path) -> None:
    shutil.copy(file, opened)
    began = time.monotonic()
    with pytest.raises(SourceUnusable) as raised:
        inspect(
            (opened / file.name).as_uri(),
            SourcePolicy(roots=(opened,)),
            probes=ProbePool(ahead=0, parser_seconds=5),
        )
    assert raised.value.code in ("source_unreadable_container", "source_not_a_video")
    # The 5 seconds are what is measured; the rest is how long a slow machine needs to start.
    assert time.monotonic() - began < 5 + 30
