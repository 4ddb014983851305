"""Which first bytes are parsed at all."""

import pytest

from media.probe.signatures import recognise
from testkit.boxes import box
from testkit.clips import CLIP
from tests.support.manifests import KINDS, manifest

BINARY = bytes(range(256)) * 16


def packets(length: int, at: int) -> bytes:
    packet = bytes(at) + b"G@\0\x10" + b"\xff" * (length - at - 4)
    return packet * 8


@pytest.mark.parametrize(
    ("head", "format"),
    [
        (CLIP.read_bytes(), "MPEG-4"),
        (box(b"wide") + box(b"mdat", BINARY), "MPEG-4"),
        (b"\0\0\0\1mdat" + (1 << 33).to_bytes(8) + BINARY, "MPEG-4"),
        (b"\0\0\0\0mdat" + BINARY, "MPEG-4"),
        (b"<\1\2\3mdat" + BINARY, "MPEG-4"),  # a length whose first byte is a letter
        (b"\x1aE\xdf\xa3" + BINARY, "Matroska"),
        (b"RIFF\0\0\0\0AVI LIST" + BINARY, "AVI"),
        (b"RIFF\0\0\0\0CDXAfmt " + BINARY, "CDXA"),
        (packets(188, 0), "MPEG-TS"),
        (packets(192, 4), "BDAV"),
        (packets(204, 0), "MPEG-TS"),
        (b"\0\0\1\xba" + BINARY, "MPEG-PS"),
        (b"\0\0\1\xb3" + BINARY, "MPEG Video"),
        (b"FLV\1\5\0\0\0\x09" + BINARY, "Flash Video"),
        (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + BINARY, "Windows Media"),
        (b"OggS\0\2" + BINARY, "Ogg"),
        (b"\x1f\x07\x00\xbf" + BINARY, "DV"),
    ],
)
def test_the_containers_of_the_platforms_are_known(head: bytes, format: str) -> None:
    container = recognise(head, len(head))
    assert container is not None
    assert format in container.formats


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("padding", [b"", b"\n" * 10_000])
def test_playlists_and_manifests_are_not(kind: str, padding: bytes) -> None:
    content = manifest(kind, "/etc/passwd") + padding
    # However long the file says that it is: its first box may be that long.
    for size in (len(content), 2 << 30):
        assert recognise(content, size) is None


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"Dear diary,\n" * 100,
        BINARY,
        b"\x89PNG\r\n\x1a\n" + BINARY,
        b"GIF89a" + BINARY,
        b"PK\3\4" + BINARY,
        b"%PDF-1.7\n" + BINARY,
        b"RIFF\0\0\0\0WAVEfmt " + BINARY,
        b"RIFF\0\0\0\0WEBPVP8 " + BINARY,
        b"ID3\4\0" + BINARY,
        b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01\x02" + BINARY,  # MXF
        b"\0\0\0\4ftypisom" + BINARY,  # a box shorter than its own header
        b"\xff\xff\xff\xffftypisom" + BINARY,  # one longer than the file
        b"G" + b"\0" * 187 + b"H" * 4000,
    ],
)
def test_nothing_else_is(head: bytes) -> None:
    assert recognise(head, len(head)) is None
