"""What a publishing call says and the file it brings: fields first, then bytes as they come.

Reading stops where a large file begins, as soon as the fields before it say what it is
for; then its bytes go by without being collected. A client that sends the file first is
understood too, at the price of holding that one file in memory. Calls without a file are
read to their end at once.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from aiohttp import ClientError, web

from emulator.meta.graph.params import Params, params_of, read_request, token_of
from emulator.meta.publishing.intake.hashing import Intake
from emulator.meta.publishing.intake.multipart import Data, Event, Part, bad_form, events

MOST_HELD = 128 * 1024**2
MOST_FIELD = 1024**2
BIG = frozenset({"video_file_chunk", "source"})
_NEEDED = frozenset({"upload_phase", "upload_session_id", "start_offset"})
_HEAD_BYTES = 16
_KEY = "emulator.meta.form"


@dataclass(slots=True)
class Picture:
    """A small file, of which the hash and the first bytes are kept."""

    intake: Intake = field(default_factory=Intake)
    head: bytes = b""

    def write(self, data: memoryview) -> None:
        """Take the next bytes."""
        self.head += bytes(data[: _HEAD_BYTES - len(self.head)])
        self.intake.write(data)


class Form:
    """The body of a call; `params` and `pictures` grow while it is read.

    `file` names the large file, once it has begun.
    """

    def __init__(self, request: web.Request) -> None:
        self.pictures: dict[str, Picture] = {}
        self.file: str | None = None
        self._request = request
        self._fields: dict[str, str] = {}
        self._plain: Params | None = None
        self._events: AsyncIterator[Event] = events(request)
        self._trouble: Exception | None = None
        self._name = ""
        self._text = bytearray()
        self._picture: Picture | None = None
        self._held: list[memoryview] = []
        self._flows = False

    @classmethod
    async def of(cls, request: web.Request) -> "Form":
        """Return the form of a request, read to where its file begins.

        What goes wrong on the way is raised by `pieces`, when there is a call to fail.
        """
        if _KEY not in request:
            form = cls(request)
            request[_KEY] = form
            await form._read_head()
        known: Form = request[_KEY]
        return known

    @property
    def params(self) -> Params:
        """What was said so far."""
        return self._plain or params_of(self._request, self._fields)

    async def pieces(self) -> AsyncIterator[memoryview]:
        """Yield the file, then read what comes behind it."""
        if self._trouble:
            raise self._trouble
        if self._plain:
            return
        for view in self._held:
            yield view
        self._held.clear()
        async for event in self._events:
            if self._flows and isinstance(event, Data):
                yield event.view
            else:
                self._flows = False
                self._take(event)
        self._end_part()

    async def read_rest(self) -> Params:
        """Read to the end, past a file that nobody wants, and return what was said."""
        async for _ in self.pieces():
            pass
        return self.params

    async def _read_head(self) -> None:
        try:
            if self._request.content_type != "multipart/form-data":
                self._plain = await read_request(self._request)
                return
            async for event in self._events:
                self._take(event)
                if self._flows:
                    return
            self._end_part()
        except (ConnectionError, ClientError, web.HTTPBadRequest) as trouble:
            self._trouble = trouble

    def _take(self, event: Event) -> None:
        if isinstance(event, Part):
            self._begin_part(event)
        elif self._picture is not None:
            self._picture.write(event.view)
        elif self._name == self.file:
            self._hold(event.view)
        elif len(self._text) + len(event.view) > MOST_FIELD:
            raise bad_form(f"The field {self._name} is too long.")
        else:
            self._text += event.view

    def _begin_part(self, part: Part) -> None:
        self._end_part()
        self._name = part.name
        if part.is_file and part.name in BIG and self.file is None:
            self.file = part.name
            self._flows = part.name == "source" or self._has_what_a_chunk_needs()
        elif part.is_file:
            self._picture = self.pictures[part.name] = Picture()

    def _has_what_a_chunk_needs(self) -> bool:
        values = self.params.values
        return values.keys() >= _NEEDED and bool(token_of(self._request.headers, values))

    def _end_part(self) -> None:
        if self._name and self._name != self.file and self._picture is None:
            self._fields[self._name] = self._text.decode(errors="replace")
        self._name, self._picture = "", None
        self._text.clear()

    def _hold(self, view: memoryview) -> None:
        if sum(map(len, self._held)) + len(view) > MOST_HELD:
            raise bad_form("A file this large has to come behind the fields that it belongs to.")
        self._held.append(view)


async def read_head(request: web.Request) -> Params:
    """Return what a request says before its file."""
    return (await Form.of(request)).params
