"""Small files are read whole, in bounded memory and time, from origins of every kind."""

import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from domain.errors import CastlineError, SourceUnreachable, SourceUnusable
from media.attachments import (
    PACE,
    Attachment,
    AttachmentKind,
    AttachmentRule,
    Pace,
    read_attachment,
)
from media.policy import SourcePolicy
from testkit.pictures import SRT, VTT, jpeg, png
from tests.support.origin import Origin

MIB = 1 << 20
AT_HOME = SourcePolicy(allow_private=True)
IMAGE = AttachmentRule(AttachmentKind.IMAGE, max_bytes=MIB, max_side=1000)
CAPTIONS = AttachmentRule(AttachmentKind.CAPTIONS, max_bytes=MIB)
HASTY = Pace(seconds=30, floor=64 * 1024, grace=0.5)

Serve = Callable[..., Origin]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start an origin, by plain http and without TLS."""
    origins: list[Origin] = []

    def start(data: bytes, **behaviour: object) -> Origin:
        origins.append(Origin(data, **behaviour).__enter__())  # type: ignore[arg-type]
        return origins[-1]

    yield start
    for origin in origins:
        origin.__exit__()


def read(origin: Origin, *, at_most: int = MIB, pace: Pace = PACE) -> Attachment:
    return read_attachment(AT_HOME, origin.url, at_most=at_most, pace=pace)


def refusal(origin: Origin, *, at_most: int = MIB, pace: Pace = PACE) -> CastlineError:
    with pytest.raises(CastlineError) as raised:
        read(origin, at_most=at_most, pace=pace)
    assert "secret" not in raised.value.sentence
    return raised.value


@pytest.mark.parametrize(
    "behaviour", [{}, {"sized": False}, {"chunked": True}], ids=["length", "close", "chunks"]
)
def test_a_file_is_read_whole_whether_its_length_is_told_or_not(
    serve: Serve, behaviour: dict[str, object]
) -> None:
    image = png(padding=700_000)
    got = read(serve(image, **behaviour))
    assert got.content == image
    assert got.version == "Last-Modified Sun, 22 Nov 2026 10:00:00 GMT"
    assert got.media_type(IMAGE) == "image/png"


@pytest.mark.parametrize(
    "behaviour", [{}, {"sized": False}, {"chunked": True}], ids=["length", "close", "chunks"]
)
def test_a_file_over_the_limit_is_left_as_soon_as_that_is_known(
    serve: Serve, behaviour: dict[str, object]
) -> None:
    origin = serve(bytes(20 * MIB), **behaviour)
    error = refusal(origin)
    assert (type(error), error.code) == (SourceUnusable, "attachment_too_large")
    assert origin.sent < 15 * MIB


def test_a_length_that_is_only_announced_costs_no_memory(serve: Serve) -> None:
    origin = serve(b"x", announced=50 * MIB)
    tracemalloc.start()
    error = refusal(origin, at_most=50 * MIB)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (type(error), error.code) == (SourceUnreachable, "source_unreachable")
    assert peak < 2 * MIB


def test_memory_grows_with_the_bytes_that_came_and_no_more(serve: Serve) -> None:
    origin = serve(bytes(8 * MIB), chunked=True)
    tracemalloc.start()
    read(origin, at_most=50 * MIB)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # The origin of the test holds the body and its chunks in this process as well.
    assert peak < 8 * MIB * 5


@pytest.mark.parametrize("chunked", [False, True])
def test_an_origin_below_the_floor_is_left(serve: Serve, chunked: bool) -> None:
    origin = serve(bytes(MIB), trickles="body", sized=not chunked)
    began = time.monotonic()
    error = refusal(origin, pace=HASTY)
    assert (type(error), error.code) == (SourceUnreachable, "source_too_slow")
    assert time.monotonic() - began < 15


def test_a_head_that_trickles_is_left(serve: Serve) -> None:
    origin = serve(bytes(MIB), trickles="head")
    error = refusal(origin, pace=Pace(seconds=1))
    assert isinstance(error, SourceUnreachable)


def test_the_whole_of_it_has_a_deadline(serve: Serve) -> None:
    error = refusal(serve(bytes(MIB), trickles="body"), pace=Pace(seconds=1, floor=1, grace=60))
    assert error.code == "source_too_slow"


def test_a_body_that_breaks_off_is_no_file(serve: Serve) -> None:
    origin = serve(png(padding=100_000), announced=200_000)
    assert refusal(origin).code == "source_unreachable"


@pytest.mark.parametrize("chunked", [False, True])
def test_a_file_that_is_sent_compressed_is_called_that(serve: Serve, chunked: bool) -> None:
    error = refusal(serve(png(), coding="gzip", chunked=chunked))
    assert (type(error), error.code) == (SourceUnusable, "source_encoded")


def test_an_origin_is_asked_with_a_name(serve: Serve) -> None:
    origin = serve(VTT)
    read(origin)
    assert origin.agents == ["Castline/1"]


def test_a_file_of_this_machine_is_read(tmp_path: Path) -> None:
    path = tmp_path / "en.srt"
    path.write_bytes(SRT)
    got = read_attachment(SourcePolicy(roots=(tmp_path,)), path.as_uri(), at_most=MIB)
    assert (got.content, got.media_type(CAPTIONS)) == (SRT, "application/x-subrip")


def test_a_file_over_the_limit_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "huge.png").open("wb") as sparse:
        sparse.truncate(1 << 40)
    policy = SourcePolicy(roots=(tmp_path,))
    tracemalloc.start()
    with pytest.raises(SourceUnusable) as raised:
        read_attachment(policy, (tmp_path / "huge.png").as_uri(), at_most=MIB)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert raised.value.code == "attachment_too_large"
    assert peak < MIB


@pytest.mark.parametrize(
    ("content", "rule", "code"),
    [
        (b'{"primaryKeyId": 7, "key": []}', IMAGE, "attachment_not_an_image"),
        (b"SQLite format 3\0" + bytes(100), IMAGE, "attachment_not_an_image"),
        (b"GIF89a" + bytes(100), IMAGE, "attachment_not_an_image"),
        (b"", IMAGE, "attachment_not_an_image"),
        (png()[:-1], IMAGE, "attachment_truncated"),
        (jpeg()[:-1], IMAGE, "attachment_truncated"),
        (png(1001, 10), IMAGE, "attachment_dimensions"),
        (jpeg(10, 65535), IMAGE, "attachment_dimensions"),
        (png(0, 10), IMAGE, "attachment_dimensions"),
        (png(2**31, 2**31), IMAGE, "attachment_dimensions"),
        (png(padding=MIB), IMAGE, "attachment_too_large"),
        (b'{"primaryKeyId": 7, "key": []}', CAPTIONS, "attachment_not_captions"),
        (b"SQLite format 3\0" + bytes(100), CAPTIONS, "attachment_not_captions"),
        (png(), CAPTIONS, "attachment_not_captions"),
        (SRT, IMAGE, "attachment_not_an_image"),
    ],
)
def test_what_a_platform_does_not_take_is_refused(
    content: bytes, rule: AttachmentRule, code: str
) -> None:
    with pytest.raises(SourceUnusable) as raised:
        Attachment(content, "v1").media_type(rule)
    assert raised.value.code == code
