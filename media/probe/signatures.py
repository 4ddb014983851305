"""Which files are parsed at all: binary containers that YouTube or Facebook take, and nothing else.

The first bytes decide, never a name or a media type. Text is refused whatever its first bytes are:
playlists and manifests (HLS, DASH, Smooth Streaming) are text and name other files.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

HEAD_BYTES = 4096
"""How much of the beginning `recognise` wants to see."""


@dataclass(frozen=True, slots=True)
class Container:
    formats: frozenset[str]
    """What the parser may call it. Another name means that the file is two things at once."""
    matches: Callable[[bytes, int], bool]
    """Head and size of the file → whether it is one."""


def recognise(head: bytes, size: int) -> Container | None:
    """The container that a file of this size begins like; None for text and all others. Pure."""
    head = head[:HEAD_BYTES]
    if _is_text(head):
        return None
    return next((one for one in _CONTAINERS if one.matches(head, size)), None)


_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"uuid"})
_PACKETS = ((188, 0), (192, 4), (204, 0))
"""Length of a packet of an MPEG transport stream, and where in it the sync byte is."""
_SYNCS = 5
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
"""Control characters that no text holds."""
_MARKUP = re.compile(rb"\s*[<#][\x20-\x7e\s]{3}")


def _is_text(head: bytes) -> bool:
    # A comment of XML or a playlist may hold any bytes further on.
    return not _BINARY.search(head) or _MARKUP.match(head) is not None


def _is_boxes(head: bytes, size: int) -> bool:
    """ISO base media and QuickTime: a box that may come first, of a length that it can have."""
    length, kind = int.from_bytes(head[:4]), head[4:8]
    if length == 1:
        return kind == b"mdat" and int.from_bytes(head[8:16]) >= 16
    if kind == b"mdat":
        return length == 0 or length >= 8
    return kind in _BOXES and 8 <= length <= size


def _is_transport_stream(head: bytes, size: int) -> bool:
    for length, at in _PACKETS:
        count = min(_SYNCS, size // length)
        if count >= 2 and all(
            head[at + n * length : at + n * length + 1] == b"G" for n in range(count)
        ):
            return True
    return False


def _starts(*signatures: bytes) -> Callable[[bytes, int], bool]:
    return lambda head, _: head.startswith(signatures)


def _is_riff(kind: bytes) -> Callable[[bytes, int], bool]:
    return lambda head, _: head.startswith(b"RIFF") and head[8:12] == kind


_CONTAINERS = (
    Container(frozenset({"MPEG-4", "QuickTime"}), _is_boxes),
    Container(frozenset({"Matroska", "WebM"}), _starts(b"\x1aE\xdf\xa3")),
    Container(frozenset({"AVI"}), _is_riff(b"AVI ")),
    Container(frozenset({"CDXA", "CDXA/MPEG-PS"}), _is_riff(b"CDXA")),
    Container(frozenset({"MPEG-TS", "BDAV"}), _is_transport_stream),
    Container(frozenset({"MPEG-PS"}), _starts(b"\0\0\1\xba")),
    Container(frozenset({"MPEG Video"}), _starts(b"\0\0\1\xb3")),
    Container(frozenset({"Flash Video"}), _starts(b"FLV\1")),
    Container(
        frozenset({"Windows Media"}),
        _starts(b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"),
    ),
    Container(frozenset({"Ogg"}), _starts(b"OggS\0")),
    Container(frozenset({"DV"}), _starts(b"\x1f\x07\x00")),
)
