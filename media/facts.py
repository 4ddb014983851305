"""What the bytes are, as far as a look tells that copies nothing.

MediaInfo parses the container where it lies and asks for the parts that it needs, the
head and often the tail, so a large file costs a few reads. Through an origin without
ranges only the head is looked at: what stands at the tail stays unknown then.
"""

import hashlib
import time
from contextlib import closing
from mimetypes import guess_type
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from pymediainfo import MediaInfo, Track

from domain.errors import SourceUnusable
from media.file import FileSource
from media.open import open_found
from media.policy import SourcePolicy
from media.source import Source, VideoFacts

HASHED_BYTES = 64 * 1024 * 1024
"""Files up to this size are read in full for their digest."""
HEAD_BYTES = 4 * 1024 * 1024
"""What is read of a URL whose origin has no ranges."""
LOOK_BYTES = 64 * 1024 * 1024
"""What is read of any video at most."""
LOOK_SECONDS = 25.0
"""How long a look takes, but for the read that is under way then: a request waits for it."""
_READ_BYTES = 256 * 1024


def inspect(url: str, policy: SourcePolicy, *, within: float = LOOK_SECONDS) -> VideoFacts:
    """Look at the video that lies at `url`. Reads only; looking again does no harm.

    Raises `SourceUnusable` with `source_missing`, `source_empty`, `source_not_a_video`,
    `source_not_allowed`, `source_refused`, `source_unsized` or, where `within` so many seconds
    did not do, `source_too_slow`; and `SourceUnreachable`.
    """
    patience = _Patience(within)
    with closing(open_found(url, policy=policy)) as source:
        if not source.pin.size:
            raise SourceUnusable("source_empty", "The file is empty.")
        look = _Look(source, patience)
        general, video = _tracks(look)
        if video is None and (not look.was_cut_short or general is None or not general.format):
            raise SourceUnusable("source_not_a_video", "There is no video in this file.")
        width, height = _shown_size(video)
        name = PurePosixPath(unquote(urlsplit(url).path)).name or "video"
        facts = VideoFacts(
            pin=source.pin,
            file_name=name,
            content_type=_content_type(general, name),
            container=str(general.format or "") if general else "",
            duration_ms=_whole(video and video.duration) or _whole(general and general.duration),
            width=width,
            height=height,
            sha256=_digest(source) if isinstance(source, FileSource) else None,
            ranges=source.ranges,
        )
        source.verify()
    return facts


class _Patience:
    """So many seconds from now on."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until = time.monotonic() + seconds

    def require(self) -> None:
        """Raise `SourceUnusable` when they are over."""
        if time.monotonic() > self._until:
            raise SourceUnusable(
                "source_too_slow",
                "The video comes too slowly: a look at it takes more than "
                f"{self._seconds:g} seconds.",
            )


class _Look:
    """A source as the file object that MediaInfo reads. It ends early when enough was read."""

    def __init__(self, source: Source, patience: _Patience) -> None:
        self.was_cut_short = False
        self._source = source
        self._patience = patience
        self._position = 0
        self._reach = source.pin.size if source.ranges else min(source.pin.size, HEAD_BYTES)
        self._left = LOOK_BYTES

    def seek(self, offset: int, whence: int = 0) -> int:
        self._position = offset + (self._source.pin.size if whence == 2 else 0)
        return self._position

    def tell(self) -> int:
        return self._position

    def read(self, size: int) -> bytes:
        wanted = min(size, self._reach - self._position, self._left)
        if wanted <= 0:
            self.was_cut_short |= self._position < self._source.pin.size
            return b""
        self._patience.require()
        while self._source.seek(self._position) != self._position:
            self._patience.require()
        piece = bytearray(wanted)
        count = self._source.read_into(memoryview(piece))
        self._position += count
        self._left -= count
        return bytes(piece[:count])


def _tracks(look: _Look) -> tuple[Track | None, Track | None]:
    tracks = MediaInfo.parse(look, buffer_size=_READ_BYTES).tracks
    general = next((track for track in tracks if track.track_type == "General"), None)
    video = next((track for track in tracks if track.track_type == "Video"), None)
    return general, video


def _shown_size(video: Track | None) -> tuple[int | None, int | None]:
    """Width and height as a player shows them: phones store upright videos lying, and say so."""
    size = _whole(video and video.width), _whole(video and video.height)
    turned = _whole(video and video.rotation) in (90, 270)
    return size[::-1] if turned else size


def _content_type(general: Track | None, name: str) -> str:
    told = general.internet_media_type if general else None
    return str(told or guess_type(name)[0] or "application/octet-stream")


def _whole(value: object) -> int | None:
    # MediaInfo gives whole numbers as int and others, such as a duration, as text.
    return int(float(value)) if isinstance(value, int | float | str) and value else None


def _digest(source: Source) -> str | None:
    if source.pin.size > HASHED_BYTES:
        return None
    digest, view = hashlib.sha256(), memoryview(bytearray(_READ_BYTES))
    source.seek(0)
    while count := source.read_into(view):
        digest.update(view[:count])
    return digest.hexdigest()
