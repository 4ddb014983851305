"""A form with a file in it: the fields first, then the file as it comes.

Reading stops where the file begins, as soon as the fields before it say what the file
is for; then its bytes go by without being collected. A client that sends the file first
is understood too, at the price of holding that one file in memory.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from aiohttp import web

from emulator.meta.publishing.intake.hashing import Intake
from emulator.meta.publishing.intake.multipart import BadForm, Data, Event, Part, events

MOST_HELD = 128 * 1024**2
MOST_FIELD = 1024**2
_HEAD_BYTES = 16


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
    """A multipart body: `fields` and `pictures` grow while it is read.

    `big` names the parts that may be large; `needed` the fields without which the bytes
    of such a part cannot be put anywhere yet.
    """

    def __init__(self, request: web.Request, *, big: frozenset[str], needed: frozenset[str]):
        self.fields: dict[str, str] = {}
        self.pictures: dict[str, Picture] = {}
        self.file: str | None = None
        self._events = events(request.content, request.headers["Content-Type"])
        self._known = frozenset(request.query)
        self._big, self._needed = big, needed
        self._name = ""
        self._text = bytearray()
        self._picture: Picture | None = None
        self._held: list[memoryview] = []
        self._flows = False

    async def read_head(self) -> None:
        """Read to where the file can be taken, or to the end if there is none."""
        async for event in self._events:
            self._take(event)
            if self._flows:
                return
        self._end_part()

    async def pieces(self) -> AsyncIterator[memoryview]:
        """Yield the file, then read what comes behind it."""
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

    def _take(self, event: Event) -> None:
        if isinstance(event, Part):
            self._begin_part(event)
        elif self._picture is not None:
            self._picture.write(event.view)
        elif self._name == self.file:
            self._hold(event.view)
        elif len(self._text) + len(event.view) > MOST_FIELD:
            raise BadForm(f"The field {self._name} is too long.")
        else:
            self._text += event.view

    def _begin_part(self, part: Part) -> None:
        self._end_part()
        self._name = part.name
        if part.is_file and part.name in self._big and self.file is None:
            self.file = part.name
            self._flows = self._needed <= self.fields.keys() | self._known
        elif part.is_file:
            self._picture = self.pictures[part.name] = Picture()

    def _end_part(self) -> None:
        if self._name and self._name != self.file and self._picture is None:
            self.fields[self._name] = self._text.decode(errors="replace")
        self._name, self._picture = "", None
        self._text.clear()

    def _hold(self, view: memoryview) -> None:
        if sum(map(len, self._held)) + len(view) > MOST_HELD:
            raise BadForm("A file this large has to come behind the fields that it belongs to.")
        self._held.append(view)
