"""An answer whose body is pulled: bytes that are not read yet stay in the network."""

import time

from domain.errors import SourceUnreachable, SourceUnusable
from transport.curl import Handle

READ_SECONDS = 15.0
"""Of silence, while bytes are asked for."""
FILL_SECONDS = 1.0

_CODINGS = frozenset({"gzip", "x-gzip", "br", "zstd", "deflate", "compress"})
_NOTHING = memoryview(bytearray())


class Response:
    """The answer to a GET, and the connection that it holds. Not thread-safe."""

    def __init__(self, handle: Handle, host: str) -> None:
        """Take over a handle whose exchange gives `take` the bytes of the body."""
        self.host = host
        self._handle = handle
        self._view, self._filled = _NOTHING, 0
        self._rest = _NOTHING
        """What came beyond the end of a view: less than libcurl hands over at a time."""
        self._is_paused = self._has_ended = False
        self._silent = 0.0

    @property
    def status(self) -> int:
        return self._handle.head.status

    @property
    def length(self) -> int | None:
        """Bytes of the body, where the origin says how many there are."""
        return self._handle.head.length

    @property
    def is_over(self) -> bool:
        """True once the whole body was read."""
        return self._has_ended and self._handle.failure is None and not self._rest

    def header(self, name: str) -> str:
        """The header's value, empty when there is none. Latin-1, in which no byte is lost."""
        return self._handle.head.get(name)

    def read_into(self, view: memoryview, *, seconds: float = FILL_SECONDS) -> int:
        """Fill `view` as far as so many seconds suffice; return the count.

        0 when the body `is_over`, and when nothing came: then read again. Raises
        `SourceUnreachable` when the connection has broken, or was silent for `READ_SECONDS` of
        reading; every byte before that was returned.
        """
        began = now = time.monotonic()
        rest, self._rest = self._rest, _NOTHING
        self._view, self._filled = view, 0
        try:
            self.take(rest)
            while self._filled < len(view) and not self._has_ended and now < began + seconds:
                if self._is_paused:
                    self._is_paused = False
                    self._handle.resume()  # which may fill the view at once
                else:
                    self._has_ended = self._handle.step(began + seconds - now)
                now = time.monotonic()
        finally:
            self._view = _NOTHING
        self._silent = 0.0 if self._filled else self._silent + now - began
        is_lost = self._has_ended and self._handle.failure is not None
        if not self._filled and (is_lost or self._silent >= READ_SECONDS):
            raise unreachable(self.host)
        return self._filled

    def take(self, data: memoryview | bytes) -> bool:
        """Put bytes of the body where they are wanted. False: nowhere now."""
        room, count = len(self._view) - self._filled, len(data)
        if count <= room:
            self._view[self._filled : self._filled + count] = data
            self._filled += count
            return True
        if not room:
            self._is_paused = True
            return False
        self.take(data[:room])
        self._rest = memoryview(bytes(data[room:]))
        return True

    def refuse_encoded(self) -> None:
        """Raise `SourceUnusable` (`source_encoded`) when the body is not the file's plain bytes."""
        coding = self.header("content-encoding").lower()
        if coding in ("", "identity"):
            return
        how = f"as {coding}" if coding in _CODINGS else "encoded"
        raise SourceUnusable(
            "source_encoded",
            f"{self.host} sends this file {how} (Content-Encoding), although its plain bytes were "
            "asked for. Turn off compression for it there, or use another server.",
        )

    def close(self) -> None:
        """Hang up, whatever has not been read. Never fails. Idempotent."""
        self._handle.close()


def unreachable(host: str) -> SourceUnreachable:
    return SourceUnreachable("source_unreachable", f"{host} does not answer now.")
