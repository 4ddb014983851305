"""What an image is, by its bytes: JPEG or PNG, its size, and whether its end is there.

Only headers are read and nothing is decoded, so an image that would swell when it is decoded
costs nothing here. The walk through the segments of a JPEG has a limit of steps.
"""

from dataclasses import dataclass

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_HEADER = b"\x00\x00\x00\rIHDR"
_PNG_END = b"\x00\x00\x00\x00IEND\xaeB`\x82"
_JPEG = b"\xff\xd8\xff"
_JPEG_END = b"\xff\xd9"
_SOS = 0xDA
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Start of frame: the segments that hold the size."""
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
"""Markers without a segment."""
_MOST_SEGMENTS = 2048
"""An ICC profile has 255 segments at most, and no other kind has more in practice."""


@dataclass(frozen=True, slots=True)
class Image:
    media_type: str
    width: int
    height: int
    is_whole: bool
    """False when the end is missing."""


def recognise_image(content: bytes) -> Image | None:
    """The image that these bytes are; None when they are no JPEG and no PNG. Pure."""
    if content.startswith(_PNG):
        return _png(content)
    if content.startswith(_JPEG):
        return _jpeg(content)
    return None


def _png(content: bytes) -> Image | None:
    header = content[8:33]
    if len(header) < 25 or not header.startswith(_PNG_HEADER):
        return None
    width, height = _number(header[8:12]), _number(header[12:16])
    data = content.find(b"IDAT", 33)
    is_whole = data >= 0 and content.rfind(_PNG_END) > data
    return Image("image/png", width, height, is_whole)


def _jpeg(content: bytes) -> Image | None:
    """Walk from segment to segment up to the first scan, which the frame's size comes before."""
    size, at = None, 2
    for _ in range(_MOST_SEGMENTS):
        if content[at : at + 1] != b"\xff" or at + 4 > len(content):
            break
        kind = content[at + 1]
        if kind == 0xFF or kind in _ALONE:  # a fill byte, or a marker without a segment
            at += 1 if kind == 0xFF else 2
            continue
        length = _number(content[at + 2 : at + 4])
        if kind in _FRAMES and length >= 8:
            size = _number(content[at + 7 : at + 9]), _number(content[at + 5 : at + 7])
        if kind == _SOS:
            break
        at += 2 + max(length, 2)
    else:
        return None
    if size is None:
        return None
    is_whole = content[at + 1 : at + 2] == bytes([_SOS]) and content.rfind(_JPEG_END) > at
    return Image("image/jpeg", *size, is_whole)


def _number(data: bytes) -> int:
    return int.from_bytes(data, "big")
