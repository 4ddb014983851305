"""A source that is a URL.

One long request is read from the wanted offset on and begun again there after a loss.
Every answer must be of the pinned version. An origin without ranges works too: what lies before
the offset is read again and dropped, so each resumption costs the download of all that came before.

The version is the Last-Modified of the bytes, and their ETag only where there is none. Each node
of a CDN may have an ETag of its own for the same bytes, or make a weak one of a strong one; all
have the size and the date of the file. So bytes that are replaced by as many others within the
second of the date, or with the date of the others, are the same version here: what tells them
apart are the checksums of the transfer.
"""

import re
import time
from collections.abc import Callable

from domain.errors import SourceError, SourceUnreachable, SourceUnusable
from media.origin import Asking, get
from media.pages import is_page_type, looks_like_page, page_error
from media.policy import SourcePolicy
from media.response import FILL_SECONDS, Response, unreachable
from media.source import VERSION_HEADERS, Pin, changed

_SPAN = re.compile(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18})", re.ASCII | re.IGNORECASE)
_BEYOND = re.compile(r"bytes \*/(\d{1,18})", re.ASCII | re.IGNORECASE)
_VERSION_CHARACTERS = 200
"""Of a header, which is stored."""
_SCRAP_BYTES = 128 * 1024
_PROVEN_SECONDS = 30.0
"""How long an answer proves the version, except at the end: there it is asked once more."""


def open_https(url: str, *, policy: SourcePolicy) -> "HttpsSource":
    """Ask for the bytes at `url` and pin the version that is there now.

    Raises `SourceUnusable` (`source_not_allowed`, `source_refused`, `source_is_a_page`,
    `source_encoded`, `source_unsized`, `source_empty`) and `SourceUnreachable`.
    """
    return HttpsSource(url, policy)


class HttpsSource:
    """Reads one version of what a URL gives: the one found when it was opened."""

    def __init__(self, url: str, policy: SourcePolicy) -> None:
        self._url = url
        self._policy = policy
        self._position = 0
        stream = get(url, policy=policy, headers=_range("0-"))
        try:
            self.pin = _pin(stream, url)
            if _first(stream):
                raise SourceUnusable(
                    "source_refused", f"{stream.host} gives other bytes than those asked for."
                )
        except SourceUnusable:
            stream.close()
            raise
        self.ranges = stream.status == 206
        self._host = stream.host
        self._is_page = is_page_type(stream.header("content-type"))
        self._stream: Response | None = stream
        self._asking: Asking | None = None
        self._is_lost = False
        self._proven_at = time.monotonic()

    def seek(self, offset: int) -> int:
        if self.ranges and offset != self._position:
            self.close()
            self._position = offset
        elif offset < self._position:
            self.close()
            self._position = 0
        scrap, until = memoryview(bytearray(_SCRAP_BYTES)), time.monotonic() + FILL_SECONDS
        while self._position < offset and time.monotonic() < until:
            self._read(scrap[: offset - self._position], until)
        return self._position

    def read_into(self, view: memoryview) -> int:
        try:
            count = self._read(view, time.monotonic() + FILL_SECONDS)
        except SourceUnreachable:
            if not self.ranges or self._is_lost:
                self._is_lost = False
                raise
            # Once, at once: a connection that had been good is often lost without a reason.
            self._is_lost = True
            return 0
        self._is_lost = self._is_lost and not count
        return count

    def verify(self, beat: Callable[[], None], /) -> None:
        at_end = self._position == self.pin.size
        if at_end or time.monotonic() > self._proven_at + _PROVEN_SECONDS:
            response = get(self._url, policy=self._policy, headers=_range("0-0"), beat=beat)
            self._prove(response)
            response.close()

    def refuse_page(self, head: bytes) -> None:
        """Raise `SourceUnusable` when bytes that begin so, and are no video, are a web page.

        It is not asked about videos, because scripts often send one as text/html.
        """
        if self._is_page or looks_like_page(head):
            raise page_error(self._url, self._host)

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
        if self._asking is not None:
            self._asking.close()
        self._stream = self._asking = None

    def _read(self, view: memoryview, until: float) -> int:
        view = view[: self.pin.size - self._position]
        if not view:
            return 0
        try:
            if self._stream is None:
                self._stream = self._ask(until - time.monotonic())
            if self._stream is None:
                return 0
            count = self._stream.read_into(view, seconds=until - time.monotonic())
            if self._stream.is_over and not count:
                raise unreachable(self._stream.host)
        except SourceError:
            self.close()
            if not self.ranges:
                self._position = 0
            raise
        self._position += count
        return count

    def _ask(self, seconds: float) -> Response | None:
        """The pinned bytes from here on; None when there is no answer yet."""
        if self._asking is None:
            headers = _range(f"{self._position}-")
            self._asking = Asking(self._url, policy=self._policy, headers=headers)
        response = self._asking.wait(seconds)
        if response is None:
            return None
        self._asking = None
        self._prove(response)
        if _first(response) != self._position:
            response.close()
            raise unreachable(response.host)
        return response

    def _prove(self, response: Response) -> None:
        """Raise unless the answer is of the pinned version; then it is closed."""
        try:
            found = self._find_pin(response)
            if found != self.pin:
                raise changed(self.pin, found)
        except SourceError:
            response.close()
            raise
        self._proven_at = time.monotonic()

    def _find_pin(self, response: Response) -> Pin:
        if response.status == 416:
            beyond = _BEYOND.fullmatch(response.header("content-range"))
            size = int(beyond[1]) if beyond else 0
            if size == self.pin.size:
                raise unreachable(response.host)
            return Pin(size, self.pin.version)
        found = _pin(response, self._url)
        if found != self.pin and is_page_type(response.header("content-type")):
            raise page_error(self._url, response.host)
        return found


def version_of(response: Response) -> str:
    """What tells one version of a URL's bytes from the next, with the name of its header.

    Empty where the origin does not tell. A weak ETag is the same as its strong twin.
    """
    for name in VERSION_HEADERS:
        value = response.header(name.lower()).removeprefix("W/")
        if value:
            return f"{name} {value[:_VERSION_CHARACTERS]}"
    return ""


def _range(span: str) -> dict[str, str]:
    return {"Range": f"bytes={span}"}


def _pin(response: Response, url: str) -> Pin:
    try:
        response.refuse_encoded()
        return Pin(_size(response), version_of(response))
    except SourceUnusable:
        if is_page_type(response.header("content-type")):
            raise page_error(url, response.host) from None
        raise


def _size(response: Response) -> int:
    span = _SPAN.fullmatch(response.header("content-range"))
    if response.status == 206 and span:
        return int(span[2])
    if response.status == 200 and response.length is not None:
        return response.length
    if response.status == 416:
        raise SourceUnusable("source_empty", f"{response.host} gives an empty file.")
    raise SourceUnusable(
        "source_unsized",
        f"{response.host} does not tell the size of the video, which the platforms want to know "
        "before the first byte. Use a server that sends Content-Length or Content-Range.",
    )


def _first(response: Response) -> int:
    span = _SPAN.fullmatch(response.header("content-range"))
    return int(span[1]) if span and response.status == 206 else 0
