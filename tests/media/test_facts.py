import hashlib
import os
import struct
import subprocess
from pathlib import Path

import pytest
from xxhash import xxh3_64_digest

from domain.errors import SourceUnusable
from media.facts import HEAD_BYTES, inspect
from media.open import open_source
from media.policy import SourcePolicy
from media.probe.pool import ProbePool
from media.probe.process import ReadAt
from media.probe.protocol import Found
from testkit.clips import CLIP
from tests.support.origin import Origin


@pytest.fixture
def here(tmp_path: Path) -> SourcePolicy:
    return SourcePolicy(roots=(tmp_path, CLIP.parent))


@pytest.fixture
def long_clip(tmp_path: Path) -> bytes:
    """The clip with its index at the end, behind more than is read of a rangeless origin."""
    padded = tmp_path / "long.mp4"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=1280x720:d=4", "-c:v"]
    command += ["mjpeg", "-q:v", "1", str(padded)]
    subprocess.run(command, check=True)
    return padded.read_bytes()


def refused(path: Path, policy: SourcePolicy) -> str:
    with pytest.raises(SourceUnusable) as raised:
        inspect(path.as_uri(), policy)
    return raised.value.code


def test_a_files_facts_are_told(here: SourcePolicy) -> None:
    facts = inspect(CLIP.as_uri(), here)
    assert (facts.file_name, facts.content_type, facts.container) == (
        "clip.mp4",
        "video/mp4",
        "MPEG-4",
    )
    assert (facts.duration_ms, facts.width, facts.height) == (3000, 320, 180)
    assert facts.pin.size == CLIP.stat().st_size
    assert facts.sha256 == hashlib.sha256(CLIP.read_bytes()).hexdigest()
    assert facts.block_sums == xxh3_64_digest(CLIP.read_bytes())
    assert facts.ranges


class Writer(ProbePool):
    """Appends to the file while it is looked at."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def probe(self, size: int, read: ReadAt) -> Found:
        with self._path.open("ab") as file:
            file.write(b"more")
        return super().probe(size, read)


def test_a_file_that_is_still_written_is_said_to_have_changed(
    tmp_path: Path, here: SourcePolicy
) -> None:
    path = tmp_path / "growing.mp4"
    path.write_bytes(CLIP.read_bytes())
    with pytest.raises(SourceUnusable, match="was changed, moved or replaced"):
        inspect(path.as_uri(), here, probes=Writer(path))


@pytest.mark.parametrize("brand", [b"iso6", b"XAVC", b"NDSC", b"F4V ", b"hvc1", b"\xc7som"])
def test_an_mp4_is_one_whatever_brand_it_has(
    tmp_path: Path, here: SourcePolicy, brand: bytes
) -> None:
    path = tmp_path / "camera.mp4"
    path.write_bytes(CLIP.read_bytes().replace(b"ftypisom", b"ftyp" + brand, 1))
    facts = inspect(path.as_uri(), here)
    assert (facts.container, facts.content_type) == ("MPEG-4", "video/mp4")
    assert (facts.duration_ms, facts.width, facts.height) == (3000, 320, 180)


def turned(clip: bytes) -> bytes:
    """The clip as a phone stores an upright video: lying, with a matrix that turns it."""
    upright = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    quarter = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 180 << 16, 0, 1 << 30)
    at = clip.index(upright, clip.index(b"tkhd"))
    return clip[:at] + quarter + clip[at + len(quarter) :]


def test_a_turned_videos_size_is_that_which_is_seen(tmp_path: Path, here: SourcePolicy) -> None:
    path = tmp_path / "turned.mp4"
    path.write_bytes(turned(CLIP.read_bytes()))
    facts = inspect(path.as_uri(), here)
    assert (facts.width, facts.height) == (180, 320)


def with_pixels(path: Path, size: str, aspect: str) -> Path:
    """A video whose pixels are not square."""
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"testsrc2=s={size}:d=1", "-vf"]
    command += [f"setsar={aspect}", "-c:v", "mpeg4", str(path)]
    subprocess.run(command, check=True)
    return path


@pytest.mark.parametrize(
    ("size", "aspect", "shown"),
    [("1080x1080", "9/16", (607, 1080)), ("720x1280", "4/1", (2880, 1280))],
)
def test_the_shape_of_the_pixels_counts(
    tmp_path: Path, here: SourcePolicy, size: str, aspect: str, shown: tuple[int, int]
) -> None:
    path = with_pixels(tmp_path / "pixels.mp4", size, aspect)
    facts = inspect(path.as_uri(), here)
    assert (facts.width, facts.height) == shown
    path.write_bytes(turned(path.read_bytes()))
    facts = inspect(path.as_uri(), here)
    assert (facts.height, facts.width) == shown


def test_half_a_file_is_said_to_be_one(tmp_path: Path, here: SourcePolicy) -> None:
    whole, path = CLIP.read_bytes(), tmp_path / "half.mp4"
    path.write_bytes(whole[: len(whole) // 2])
    assert inspect(path.as_uri(), here).is_truncated
    assert not inspect(CLIP.as_uri(), here).is_truncated


def test_half_a_file_whose_index_is_missing_is_refused(
    tmp_path: Path, here: SourcePolicy, long_clip: bytes
) -> None:
    path = tmp_path / "half.mp4"
    path.write_bytes(long_clip[: len(long_clip) // 2])
    assert refused(path, here) == "source_incomplete"


@pytest.mark.parametrize(
    ("name", "options", "container"),
    [
        ("a.mov", ["-c:v", "mpeg4"], "MPEG-4"),
        ("a.3gp", ["-c:v", "mpeg4"], "MPEG-4"),
        ("a.mkv", ["-c:v", "mpeg4"], "Matroska"),
        ("a.avi", ["-c:v", "mpeg4"], "AVI"),
        ("a.ts", ["-c:v", "mpeg2video"], "MPEG-TS"),
        ("a.m2ts", ["-c:v", "mpeg2video", "-mpegts_m2ts_mode", "1"], "BDAV"),
        ("a.mpg", ["-c:v", "mpeg2video"], "MPEG-PS"),
        ("a.m2v", ["-c:v", "mpeg2video"], "MPEG Video"),
        ("a.flv", ["-c:v", "flv"], "Flash Video"),
        ("a.wmv", ["-c:v", "wmv2"], "Windows Media"),
        ("a.dv", ["-target", "pal-dv"], "DV"),
    ],
)
def test_every_container_that_the_platforms_take_is_read(
    tmp_path: Path, here: SourcePolicy, name: str, options: list[str], container: str
) -> None:
    path = tmp_path / name
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=720x576:d=1", *options]
    subprocess.run([*command, str(path)], check=True)
    facts = inspect(path.as_uri(), here)
    assert (facts.container, facts.height) == (container, 576)


def test_the_pin_that_is_told_opens_the_file_again(here: SourcePolicy) -> None:
    open_source(CLIP.as_uri(), pin=inspect(CLIP.as_uri(), here).pin, policy=here).close()


def test_an_empty_file_is_refused(tmp_path: Path, here: SourcePolicy) -> None:
    (tmp_path / "empty.mp4").touch()
    assert refused(tmp_path / "empty.mp4", here) == "source_empty"


@pytest.mark.parametrize("content", [b"Dear diary,\n" * 100, b"\0" * 5000, b"\xff"])
def test_what_is_not_a_video_is_refused(tmp_path: Path, here: SourcePolicy, content: bytes) -> None:
    path = tmp_path / "diary.mp4"
    path.write_bytes(content)
    assert refused(path, here) == "source_not_a_video"


def test_sound_alone_is_not_a_video(tmp_path: Path, here: SourcePolicy) -> None:
    path = tmp_path / "song.m4a"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=d=1", str(path)]
    subprocess.run(command, check=True)
    assert refused(path, here) == "source_not_a_video"


def test_a_large_file_is_not_read_in_full(tmp_path: Path, here: SourcePolicy) -> None:
    path = tmp_path / "large.mp4"
    path.write_bytes(CLIP.read_bytes())
    with path.open("r+b") as file:
        file.truncate(8 * 1024**3)
    facts = inspect(path.as_uri(), here)
    assert (facts.pin.size, facts.width) == (8 * 1024**3, 320)
    assert (facts.sha256, facts.block_sums) == (None, None)


def test_a_urls_facts_are_told_from_a_part_of_it(
    origin: Origin, at_home: SourcePolicy, long_clip: bytes
) -> None:
    origin.data = long_clip
    facts = inspect(origin.url, at_home)
    assert (facts.file_name, facts.width, facts.duration_ms) == ("summer rain.mp4", 1280, 4000)
    assert facts.sha256 is None
    assert facts.ranges
    assert len(origin.asked) < 10


def test_through_an_origin_without_ranges_the_head_must_do(
    origin: Origin, at_home: SourcePolicy
) -> None:
    origin.data, origin.ranges = CLIP.read_bytes(), False
    facts = inspect(origin.url, at_home)
    assert (facts.width, facts.duration_ms, facts.ranges) == (320, 3000, False)


def test_what_stands_behind_the_head_stays_unknown_without_ranges(
    origin: Origin, at_home: SourcePolicy, long_clip: bytes
) -> None:
    assert long_clip.index(b"moov") > HEAD_BYTES
    origin.data, origin.ranges = long_clip, False
    facts = inspect(origin.url, at_home)
    assert (facts.container, facts.width, facts.duration_ms) == ("MPEG-4", None, None)


@pytest.mark.parametrize("ranges", [True, False])
def test_an_origin_that_trickles_is_not_looked_at_for_long(
    origin: Origin, at_home: SourcePolicy, ranges: bool
) -> None:
    origin.data, origin.ranges, origin.trickles = CLIP.read_bytes(), ranges, "body"
    with pytest.raises(SourceUnusable) as raised:
        inspect(origin.url, at_home, within=0.5)
    assert raised.value.code == "source_too_slow"
    assert raised.value.sentence == (
        "The video comes too slowly: a look at it takes more than 0.5 seconds."
    )


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (b"caf\xe9.mp4", "caf\ufffd.mp4"),
        ("Zürich.mp4".encode(), "Zürich.mp4"),
        (b"a b%41#c?d.mp4", "a b%41#c?d.mp4"),
        (b"two\nlines\x1b.mp4", "two_lines_.mp4"),
        (b"-x.mp4", "-x.mp4"),
    ],
    ids=ascii,
)
def test_a_file_of_any_name_is_read_and_its_name_is_readable(
    tmp_path: Path, here: SourcePolicy, name: bytes, told: str
) -> None:
    path = tmp_path / os.fsdecode(name)
    path.write_bytes(CLIP.read_bytes())
    # Another file, which would be read if a byte of the name were replaced.
    (tmp_path / told.replace("%41", "A")).touch()
    facts = inspect(path.as_uri(), here)
    assert (facts.file_name, facts.content_type) == (told, "video/mp4")
    assert facts.pin.size == CLIP.stat().st_size
    assert told.encode().decode() == told
