"""The frames between the parent and a probe process.

The child speaks first: `READY` when it has loaded the parser. The parent sends the size of a file,
the child isolates itself and answers with `ISOLATED`. From then on it may be under the control of
the file: it sends `READ` for pieces of the file, and at last `FOUND`. Every frame of the child is a
byte and a body of fixed length, so nothing of it has to be parsed.
"""

import re
import struct
from dataclasses import dataclass

READY, ISOLATED, READ, FOUND = b"R", b"I", b"P", b"F"

SIZE = struct.Struct(">Q")
"""Parent to child: the size of the file. It begins the work."""
ISOLATION = struct.Struct(">i?")
"""Landlock's version, and whether the seccomp filter holds."""
SPAN = struct.Struct(">QI")
"""Offset and number of the wanted bytes."""
LENGTH = struct.Struct(">I")
"""Parent to child: how many bytes of the file follow. None at the end of what may be read."""
READ_BYTES = 256 * 1024
"""The most that one `READ` may ask for."""

_FOUND = struct.Struct(">??iii64s64s")
BODIES = {READY: 0, ISOLATED: ISOLATION.size, READ: SPAN.size, FOUND: _FOUND.size}

_MAX_NUMBER = 2**31 - 1
_UNKNOWN = -1
_NAME = re.compile(r"[\w ./+-]{0,64}", re.ASCII)
_MEDIA_TYPE = re.compile(r"([\w-]{1,20}/[\w.+-]{1,40})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Found:
    """What the parser says of a file."""

    container: str
    """The parser's name of the format; empty when it recognises none."""
    content_type: str
    """Empty when the parser has none."""
    has_video: bool
    is_truncated: bool
    duration_ms: int | None
    width: int | None
    height: int | None
    """Width and height as a player shows them, in square pixels."""


def pack_found(found: Found) -> bytes:
    """The body of a `FOUND`. A number over what a table's column takes becomes the largest."""
    numbers = (
        _UNKNOWN if number is None else min(number, _MAX_NUMBER)
        for number in (found.duration_ms, found.width, found.height)
    )
    texts = (text.encode()[:64] for text in (found.container, found.content_type))
    return _FOUND.pack(found.has_video, found.is_truncated, *numbers, *texts)


def unpack_found(body: bytes) -> Found:
    """Raises `ValueError` for what no honest child sends."""
    has_video, is_truncated, *rest = _FOUND.unpack(body)
    numbers = [None if number == _UNKNOWN else number for number in rest[:3]]
    container, content_type = (text.rstrip(b"\0").decode("ascii") for text in rest[3:])
    if any(number is not None and number <= 0 for number in numbers):
        raise ValueError("A number is not positive.")
    if not _NAME.fullmatch(container) or not _MEDIA_TYPE.fullmatch(content_type):
        raise ValueError("A text is not a name.")
    return Found(container, content_type, has_video, is_truncated, *numbers)
