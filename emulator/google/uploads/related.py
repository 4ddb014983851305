"""Reads `multipart/related`: metadata, then a file, as a stream.

Lines may end in CRLF or in LF alone: Google's own Python client writes LF, which general
multipart readers refuse.
"""

import re
from collections.abc import AsyncIterator
from email.message import Message
from email.parser import BytesParser

from emulator.google import errors

_MOST_METADATA = 1024**2
_HEADERS_END = re.compile(rb"\r?\n\r?\n")


class Related:
    """A body of two parts."""

    def __init__(self, pieces: AsyncIterator[memoryview], boundary: str) -> None:
        self._pieces = pieces
        self._delimiter = b"--" + boundary.encode()
        self._buffer = b""

    async def metadata(self) -> bytes:
        """Return the first part; call this before `media_type`."""
        await self._headers()
        return await self._through(re.compile(rb"\r?\n(?=" + re.escape(self._delimiter) + rb")"))

    async def media_type(self) -> str:
        """Return the type of the second part; call this before `media`."""
        return (await self._headers()).get("Content-Type", "application/octet-stream")

    async def media(self) -> AsyncIterator[memoryview]:
        """Yield the second part up to its end."""
        end = b"\n" + self._delimiter
        hold = len(end) + 1  # what could be the beginning of the end, with its CR
        while (found := self._buffer.find(end)) < 0:
            if len(self._buffer) > hold:
                yield memoryview(self._buffer)[:-hold]
                self._buffer = self._buffer[-hold:]
            if not await self._more():
                raise _incomplete()
        yield memoryview(self._buffer[:found].removesuffix(b"\r"))

    async def _headers(self) -> "Message[str, str]":
        head = await self._through(_HEADERS_END)
        _, _, lines = head.partition(self._delimiter)
        return BytesParser().parsebytes(lines.lstrip() + b"\n\n", headersonly=True)

    async def _through(self, pattern: re.Pattern[bytes]) -> bytes:
        while (match := pattern.search(self._buffer)) is None:
            if len(self._buffer) > _MOST_METADATA:
                raise errors.bad_request("badContent", "The metadata is too long.")
            if not await self._more():
                raise _incomplete()
        before, self._buffer = self._buffer[: match.start()], self._buffer[match.end() :]
        return before

    async def _more(self) -> bool:
        async for piece in self._pieces:
            self._buffer += piece
            return True
        return False


def _incomplete() -> errors.GoogleError:
    return errors.bad_request("mediaBodyRequired", "The request does not include a file.")
