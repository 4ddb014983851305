"""A source that is a URL.

One long request is read from the wanted offset on and begun again there after a loss.
Every answer must be of the pinned version: its size and its strong ETag, else its
Last-Modified. An origin without ranges works too: what lies before the offset is read
again and dropped, so each resumption costs the download of all that came before.
"""

import re
import time

from domain.errors import SourceUnreachable, SourceUnusable
from media.origin import Response, get, unreachable
from media.policy import SourcePolicy
from media.source import Pin

_SPAN = re.compile(r"bytes (\d+)-\d+/(\d+)")
_SCRAP_BYTES = 128 * 1024
_SCRAP_SECONDS = 1.0
_PROVEN_SECONDS = 30.0
"""How long an answer proves the version, except at the end: there it is asked once more."""


def open_https(url: str, *, policy: SourcePolicy) -> "HttpsSource":
    """Ask for the bytes at `url` and pin the version that is there now.

    Raises `SourceUnusable` (`source_not_allowed`, `source_refused`, `source_unsized`,
    `source_empty`) and `SourceUnreachable`.
    """
    return HttpsSource(url, policy)


class HttpsSource:
    """Reads one version of what a URL gives: the one found when it was opened."""

    def __init__(self, url: str, policy: SourcePolicy) -> None:
        self._url = url
        self._policy = policy
        self._position = 0
        stream = get(url, policy=policy, headers={"Range": "bytes=0-"})
        try:
            self.pin = _pin(stream)
        except SourceUnusable:
            stream.close()
            raise
        self.ranges = stream.status == 206
        self._stream: Response | None = stream
        self._proven_at = time.monotonic()

    def seek(self, offset: int) -> int:
        if self.ranges and offset != self._position:
            self.close()
            self._position = offset
        elif offset < self._position:
            self.close()
            self._position = 0
        scrap, until = memoryview(bytearray(_SCRAP_BYTES)), time.monotonic() + _SCRAP_SECONDS
        while self._position < offset and time.monotonic() < until:
            self._read(scrap[: offset - self._position])
        return self._position

    def read_into(self, view: memoryview) -> int:
        try:
            return self._read(view)
        except SourceUnreachable:
            if not self.ranges:
                raise
            # Once, at once: a connection that had been good is often lost without a reason.
            return self._read(view)

    def verify(self) -> None:
        at_end = self._position == self.pin.size
        if at_end or time.monotonic() > self._proven_at + _PROVEN_SECONDS:
            self._get("bytes=0-0").close()

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
        self._stream = None

    def _read(self, view: memoryview) -> int:
        if self._position == self.pin.size:
            return 0
        if self._stream is None:
            self._stream = self._stream_from_here()
        try:
            count = self._stream.read_into(view)
            if not count:
                raise unreachable(self._stream.host)
        except SourceUnreachable:
            self.close()
            if not self.ranges:
                self._position = 0
            raise
        self._position += count
        return count

    def _stream_from_here(self) -> Response:
        stream = self._get(f"bytes={self._position}-")
        if _first(stream) != self._position:
            stream.close()
            raise unreachable(stream.host)
        return stream

    def _get(self, span: str) -> Response:
        """An answer of the pinned version; its body is the caller's to read or close."""
        response = get(self._url, policy=self._policy, headers={"Range": span})
        try:
            is_pinned = _pin(response) == self.pin
        except SourceUnusable:
            is_pinned = False
        if not is_pinned:
            response.close()
            raise SourceUnusable(
                "source_changed", f"What {response.host} gives is not what was registered."
            )
        self._proven_at = time.monotonic()
        return response


def version_of(response: Response) -> str:
    """What tells one version of a URL's bytes from the next; empty where the origin does not."""
    etag = response.header("etag")
    return etag if etag.startswith('"') else response.header("last-modified")


def _pin(response: Response) -> Pin:
    return Pin(size=_size(response), version=version_of(response))


def _size(response: Response) -> int:
    span = _SPAN.fullmatch(response.header("content-range"))
    length = response.header("content-length")
    is_plain = response.header("content-encoding") in ("", "identity")
    if response.status == 206 and span and is_plain:
        return int(span[2])
    if response.status == 200 and length.isdecimal() and is_plain:
        return int(length)
    if response.status == 416:
        raise SourceUnusable("source_empty", f"{response.host} gives an empty file.")
    raise SourceUnusable(
        "source_unsized",
        f"{response.host} does not tell the size of the video (Content-Length), "
        "which the platforms want to know before the first byte.",
    )


def _first(response: Response) -> int:
    span = _SPAN.fullmatch(response.header("content-range"))
    return int(span[1]) if span and response.status == 206 else 0
