"""Reads `multipart/form-data` as a stream: one event after the other, nothing collected.

The grammar is python-multipart's; its callbacks are turned into events here, and what
belongs to a file is passed on as views of the very bytes that came from the socket.
"""

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiohttp import web
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, MultipartState, parse_options_header

_AT_ONCE = 1 << 16  # the first read decides which call this is; the rest comes in larger ones


@dataclass(frozen=True, slots=True)
class Part:
    """A part begins."""

    name: str
    is_file: bool


@dataclass(frozen=True, slots=True)
class Data:
    """Bytes of the part that began last."""

    view: memoryview


Event = Part | Data


def bad_form(why: str) -> web.HTTPBadRequest:
    """The body is not what its content type says: a front end's answer, not the API's."""
    return web.HTTPBadRequest(text=why)


async def events(request: web.Request) -> AsyncIterator[Event]:
    """Yield what a body consists of; raise `bad_form` where it makes no sense.

    A body that ends early is a broken connection, which `content` raises by itself.
    """
    content = request.content
    _, options = parse_options_header(request.headers["Content-Type"])
    found: deque[Event] = deque()
    try:
        parser = _parser(options.get(b"boundary", b""), found)
        data = await content.read(_AT_ONCE)
        while data:
            parser.write(data)
            while found:
                yield found.popleft()
            data = await content.readany()
        if parser.state != MultipartState.END:
            raise bad_form("The form has no end.")
    except FormParserError as error:
        raise bad_form(str(error)) from error


def _parser(boundary: bytes, found: deque[Event]) -> MultipartParser:
    headers: dict[bytes, bytes] = {}
    name, value = bytearray(), bytearray()

    def begin() -> None:
        headers.clear()

    def header_begin() -> None:
        name.clear()
        value.clear()

    def header_field(data: bytes, start: int, end: int) -> None:
        name.extend(data[start:end])

    def header_value(data: bytes, start: int, end: int) -> None:
        value.extend(data[start:end])

    def header_end() -> None:
        headers[bytes(name).lower()] = bytes(value)

    def headers_finished() -> None:
        _, said = parse_options_header(headers.get(b"content-disposition"))
        found.append(Part(said.get(b"name", b"").decode(errors="replace"), b"filename" in said))

    def data(data: bytes, start: int, end: int) -> None:
        found.append(Data(memoryview(data)[start:end]))

    return MultipartParser(
        boundary,
        {
            "on_part_begin": begin,
            "on_header_begin": header_begin,
            "on_header_field": header_field,
            "on_header_value": header_value,
            "on_header_end": header_end,
            "on_headers_finished": headers_finished,
            "on_part_data": data,
        },
    )
