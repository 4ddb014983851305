"""The program of a probe process: one file, then it ends.

It gets nothing from its parent but a socket, on descriptor 0. All that is hostile comes after
`isolate`. It imports nothing of Castline but its neighbours in this folder.
"""

import os
import resource
import signal
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pymediainfo
from pymediainfo import MediaInfo, Track

from media.probe.isolation import isolate
from media.probe.protocol import (
    FOUND,
    ISOLATED,
    ISOLATION,
    LENGTH,
    READ,
    READ_BYTES,
    READY,
    SIZE,
    SPAN,
    Found,
    pack_found,
)

MEMORY_BYTES = 256 * 1024 * 1024
CPU_SECONDS = 11
LIFE_SECONDS = 120
"""After this the kernel ends the process, also one whose parent is gone: over the parser's time and
the origin's together."""
_NICE = 5
"""A loop in the parser must not slow down who serves requests on this machine."""

_SOCKET = 0
_LIBRARY = next(map(str, Path(pymediainfo.__file__).parent.glob("libmediainfo*")), None)
_SMALLEST = b"\0\0\0\x14ftypisom\0\0\0\0isom\0\0\0\x08free"


class RemoteFile:
    """The file, which the parent reads piece by piece."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._position = 0

    def seek(self, offset: int, whence: int = 0) -> int:
        self._position = offset + (self._size if whence == 2 else 0)
        return self._position

    def tell(self) -> int:
        return self._position

    def read(self, size: int) -> bytes:
        """A piece, maybe shorter than asked for; empty at the end of what may be read."""
        send(READ + SPAN.pack(self._position, min(size, READ_BYTES)))
        (length,) = LENGTH.unpack(receive(LENGTH.size))
        piece = receive(length)
        self._position += length
        return piece


def main(examine: Callable[[RemoteFile], Found] | None = None) -> None:
    """Serve one file and end. `examine` takes the parser's place in tests."""
    _limit()
    _examine(BytesIO(_SMALLEST))  # what the library loads at its first use is loaded now
    send(READY)
    (size,) = SIZE.unpack(receive(SIZE.size))
    signal.alarm(LIFE_SECONDS)
    os.nice(_NICE)
    isolation = isolate()
    send(ISOLATED + ISOLATION.pack(isolation.landlock, isolation.seccomp))
    found = (examine or _examine)(RemoteFile(size))
    send(FOUND + pack_found(found))
    os._exit(0)


def send(frame: bytes) -> None:
    while frame:
        frame = frame[os.write(_SOCKET, frame) :]


def receive(count: int) -> bytes:
    """So many bytes from the parent. Ends the process when the parent is gone."""
    received = bytearray()
    while len(received) < count:
        piece = os.read(_SOCKET, count - len(received))
        if not piece:
            os._exit(0)
        received += piece
    return bytes(received)


def _limit() -> None:
    for kind, limit in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 8),
        (resource.RLIMIT_NPROC, 0),
    ):
        # Some systems know fewer kinds, and a lower hard limit may be in force already.
        with suppress(OSError, ValueError):
            resource.setrlimit(kind, (limit, limit))
    with suppress(OSError):  # where memory runs out all the same, this process goes first
        Path("/proc/self/oom_score_adj").write_text("1000")


def _examine(file: RemoteFile | BytesIO) -> Found:
    tracks = MediaInfo.parse(file, library_file=_LIBRARY, buffer_size=READ_BYTES).tracks
    general = next((track for track in tracks if track.track_type == "General"), None)
    video = next((track for track in tracks if track.track_type == "Video"), None)
    width, height = _shown_size(video)
    container, content_type = _container(general)
    return Found(
        container=container,
        content_type=content_type,
        has_video=video is not None,
        is_truncated=general is not None and general.istruncated == "Yes",
        duration_ms=_whole(video and video.duration) or _whole(general and general.duration),
        width=width,
        height=height,
    )


def _container(general: Track | None) -> tuple[str, str]:
    """The parser's names of format and media type."""
    if general is None or not general.format:
        return "", ""
    if general.format == general.codec_id:
        # An mp4 of a brand that the parser does not know, as many cameras write: it gives the
        # brand, four bytes of any kind, as the format.
        return "MPEG-4", "video/mp4"
    return str(general.format), str(general.internet_media_type or "")


def _shown_size(video: Track | None) -> tuple[int | None, int | None]:
    """Width and height as a player shows them.

    Pixels need not be square: a player stretches the width. Phones store upright videos lying and
    say so.
    """
    width, height = _whole(video and video.width), _whole(video and video.height)
    aspect = _number(video and video.pixel_aspect_ratio)
    if width and aspect:
        width = round(width * aspect) or None
    is_turned = _whole(video and video.rotation) in (90, 270)
    return (height, width) if is_turned else (width, height)


def _whole(value: object) -> int | None:
    number = _number(value)
    return int(number) or None if number is not None else None


def _number(value: object) -> float | None:
    # MediaInfo gives whole numbers as int and others, such as a duration, as text.
    try:
        number = float(value) if isinstance(value, int | float | str) else 0.0
    except (ValueError, OverflowError):
        return None
    return number if 0 < number < float("inf") else None
