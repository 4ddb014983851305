"""What the bytes are, as far as a look tells that copies nothing.

The first bytes decide whether a file is parsed at all. A probe process parses the container and
asks for the parts that it needs, the head and often the tail, so a large file costs a few reads.
Through an origin without ranges only the head is looked at: what stands at the tail stays unknown.
"""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from mimetypes import guess_type
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from domain.display import readable_name
from domain.errors import SourceUnusable
from media.digest import Digest
from media.file import FileSource, file_path
from media.https import HttpsSource
from media.open import open_found
from media.policy import SourcePolicy
from media.probe.pool import PROBES, ProbePool
from media.probe.protocol import READ_BYTES, Found
from media.probe.signatures import HEAD_BYTES as SIGNATURE_BYTES
from media.probe.signatures import recognise
from media.source import Source, VideoFacts

HASHED_BYTES = 64 * 1024 * 1024
"""Files up to this size are read in full for their SHA-256 and block sums."""
HEAD_BYTES = 4 * 1024 * 1024
"""What is read of a URL whose origin has no ranges."""
LOOK_BYTES = 64 * 1024 * 1024
"""What is read of any video at most."""
LOOK_SECONDS = 25.0
"""How long the source may take in all, but for the read that is under way then."""


def inspect(
    url: str,
    policy: SourcePolicy,
    *,
    within: float = LOOK_SECONDS,
    probes: ProbePool = PROBES,
) -> VideoFacts:
    """Look at the video that lies at `url`. Reads only; looking again does no harm.

    Raises `SourceUnusable` with `source_missing`, `source_empty`, `source_not_a_video`,
    `source_incomplete`, `source_unreadable_container`, `source_not_allowed`, `source_refused`,
    `source_is_a_page`, `source_encoded`, `source_unsized` or, where `within` so many seconds of
    reading did not do, `source_too_slow`; `SourceUnreachable`; and `Unavailable` when no probe
    process starts.
    """
    patience = _Patience(within)
    with patience.spent():
        source = open_found(url, policy=policy)
    with closing(source):
        if not source.pin.size:
            raise SourceUnusable("source_empty", "The file is empty.")
        look = _Look(source, patience)
        if isinstance(source, HttpsSource) and recognise(look.head, look.size) is None:
            source.refuse_page(look.head)
        found = _probe(look, probes)
        name = _name_of(url)
        digest = _digest(source) if isinstance(source, FileSource) else None
        facts = VideoFacts(
            pin=source.pin,
            file_name=name,
            content_type=found.content_type or guess_type(name)[0] or "application/octet-stream",
            container=found.container,
            duration_ms=found.duration_ms,
            width=found.width,
            height=found.height,
            sha256=digest.sha256 if digest else None,
            ranges=source.ranges,
            is_truncated=found.is_truncated,
            block_sums=digest.sums if digest else None,
        )
        source.verify(lambda: None)
    return facts


def _name_of(url: str) -> str:
    """What the file is called, as one line of text."""
    is_file = url.lower().startswith("file:")
    path = file_path(url) if is_file else PurePosixPath(unquote(urlsplit(url).path))
    return readable_name(path.name) or "video"


class _Patience:
    """So many seconds of waiting for a source, however they are spread."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._left = seconds

    @contextmanager
    def spent(self) -> Iterator[None]:
        """Count what is done within. Raises `SourceUnusable` when none was left before."""
        if self._left < 0:
            raise SourceUnusable(
                "source_too_slow",
                "The video comes too slowly: a look at it takes more than "
                f"{self._seconds:g} seconds.",
            )
        began = time.monotonic()
        try:
            yield
        finally:
            self._left -= time.monotonic() - began


class _Look:
    """A source as the probe reads it. It ends early when enough was read."""

    def __init__(self, source: Source, patience: _Patience) -> None:
        self.was_cut_short = False
        self.size = source.pin.size
        self._source = source
        self._patience = patience
        self._reach = self.size if source.ranges else min(self.size, HEAD_BYTES)
        self._left = LOOK_BYTES
        self._at = 0
        self.head = b""
        while len(self.head) < min(SIGNATURE_BYTES, self.size):
            self.head += self._read(len(self.head), READ_BYTES)

    def read(self, offset: int, size: int) -> bytes:
        """A piece, maybe shorter; empty at the end of what may be read."""
        # A second request for what has come already would cost an origin's connection.
        return self.head[offset : offset + size] or self._read(offset, size)

    def _read(self, offset: int, size: int) -> bytes:
        wanted = min(size, self._reach - offset, self._left)
        if wanted <= 0:
            self.was_cut_short |= offset < self.size
            return b""
        if offset != self._at:
            self._move(offset)
        piece = bytearray(wanted)
        count = 0
        while not count:
            with self._patience.spent():
                count = self._source.read_into(memoryview(piece))
        self._at += count
        self._left -= count
        return bytes(piece[:count])

    def _move(self, offset: int) -> None:
        while self._at != offset:
            with self._patience.spent():
                self._at = self._source.seek(offset)


def _probe(look: _Look, probes: ProbePool) -> Found:
    container = recognise(look.head, look.size)
    if container is None:
        raise SourceUnusable(
            "source_not_a_video",
            "There is no video in this file: it is no container that Castline knows, or it is a "
            "playlist or manifest. Send the video file itself, for example mp4, mov or mkv.",
        )
    found = probes.probe(look.size, look.read)
    is_other = bool(found.container) and found.container not in container.formats
    if found.has_video and not is_other:
        return found
    if is_other or not found.container:
        raise SourceUnusable("source_not_a_video", "There is no video in this file.")
    if found.is_truncated:
        raise SourceUnusable(
            "source_incomplete",
            "The file ends before its index, so no video can be found in it. Send the whole file.",
        )
    if not look.was_cut_short:
        raise SourceUnusable("source_not_a_video", "There is no video in this file.")
    return found


def _digest(source: Source) -> Digest | None:
    if source.pin.size > HASHED_BYTES:
        return None
    digest, view = Digest(source.pin.size, hashes=True), memoryview(bytearray(READ_BYTES))
    source.seek(0)
    left = source.pin.size  # a file that grows meanwhile has more to give
    while left:
        count = source.read_into(view[:left])
        digest.feed(view[:count])
        left -= count
    return digest
