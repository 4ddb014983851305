"""Trouble that can be ordered: which call, what goes wrong, how often.

A fault waits for a call of its operation, lets the first `skip` of them pass, then
strikes `times` times (for ever, if `times` is null). At most one fault strikes a call:
the one ordered first. Each kind is declared once, as a `Kind`: its name, what it does,
on which operations, and its options. `KINDS` are those that any call can suffer and
`calls` carries out; a platform declares its own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any

from emulator import fields
from emulator.fields import Field

ORDER = (
    Field("operation", "text", "The operation whose calls are struck.", required=True),
    Field("kind", "text", "What goes wrong.", required=True),
    Field("platform", "text", "The platform, where two have the operation."),
    Field("times", "integer or null", "How often it strikes; null is always.", least=1),
    Field("skip", "integer", "How many calls pass before it strikes.", least=0),
    Field("owner", "text", "Only calls with a token of this channel, Page or email are struck."),
)
"""What every fault can be told, whatever its kind."""


@dataclass(frozen=True, slots=True)
class Option:
    """A field of a kind, and the operations on which the kind reads it."""

    field: Field
    on: tuple[str, ...] = ("*",)

    def needed(self) -> "Option":
        """Return this option as one that may not be left out."""
        return replace(self, field=self.field.needed())

    def only(self, *on: str) -> "Option":
        """Return this option for some operations of its kind; names may hold `*`."""
        return replace(self, on=on)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault. `on` names its operations; names may hold `*`."""

    name: str
    does: str
    on: tuple[str, ...] = ("*",)
    options: tuple[Option, ...] = ()

    def strikes(self, operation: str) -> bool:
        """Tell whether an operation can suffer this kind."""
        return matches(self.on, operation)

    def fields(self, operation: str) -> list[Field]:
        """Return the options that this kind reads on an operation."""
        return [option.field for option in self.options if matches(option.on, operation)]

    def document(self, operations: Iterable[str]) -> dict[str, Any]:
        """Return the kind as `/_emulator/` shows it to those who know these operations."""
        struck = [operation for operation in operations if self.strikes(operation)]
        options = {}
        for option in self.options:
            shown = option.field.document()
            read = [operation for operation in struck if matches(option.on, operation)]
            options[option.field.name] = shown if read == struck else shown | {"operations": read}
        return {"does": self.does, "operations": struck, "options": options}


AFTER_BYTES = Option(
    Field("after_bytes", "integer", "Bytes of the body that are taken before it strikes.", least=0)
)
FINAL = Option(
    Field(
        "final",
        "boolean",
        "Only the call with the last byte of a file is struck; for uploads to YouTube.",
    ),
    (
        "videos.insert.*",
        "thumbnails.set.transfer",
        "captions.insert.transfer",
        "captions.update.transfer",
    ),
)
"""Known of every kind, on the operations that know when a file ends."""
STATUS = Option(Field("status", "integer", "The HTTP status of the answer.", least=200, most=599))
RETRY_AFTER = Option(
    Field("retry_after", "integer or text", "The Retry-After header of the answer.", least=0)
)
HTML = Option(Field("html", "boolean", "The answer is a page instead of plain text."))
DELAY = Option(Field("delay_seconds", "number", "How long, in seconds.", least=0))
PACE = Option(Field("bytes_per_second", "integer", "Bytes taken in a second.", least=1))
REASON = Option(Field("reason", "text", "The reason that is given."))

KINDS = (
    Kind(
        "cut",
        "Cuts the connection without an answer, before the call does anything.",
        options=(AFTER_BYTES.only("*.transfer", "page_videos.single"),),
    ),
    Kind("lose_answer", "Carries the call out, then cuts the connection without an answer."),
    Kind(
        "status",
        "Answers with a status of the front end instead of carrying the call out.",
        options=(
            STATUS.needed(),
            RETRY_AFTER,
            HTML,
            AFTER_BYTES.only("*.insert.transfer", "thumbnails.set.transfer"),
        ),
    ),
    Kind("slow", "Carries the call out and answers late.", options=(DELAY.needed(),)),
)
"""The kinds that every operation of every platform can suffer."""


class BadFault(ValueError):
    """The order cannot be understood; the text says why, for a person."""


@dataclass(slots=True)
class Fault:
    """One order. `seen` counts the calls it looked at, `fired` those it struck."""

    id: int
    platform: str
    operation: str
    kind: str
    times: int | None = 1
    skip: int = 0
    final: bool = False
    owner: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    seen: int = 0
    fired: int = 0

    def strikes(self, operation: str, *, final: bool, owners: frozenset[str]) -> bool:
        """Decide about one call and remember the decision."""
        if operation != self.operation or (self.final and not final):
            return False
        if self.owner is not None and self.owner not in owners:
            return False
        if self.times is not None and self.fired >= self.times:
            return False
        self.seen += 1
        if self.seen <= self.skip:
            return False
        self.fired += 1
        return True

    def describe(self) -> dict[str, Any]:
        """Show the order as it was given, with how often it fired."""
        return {
            "id": self.id,
            "platform": self.platform,
            "operation": self.operation,
            "kind": self.kind,
            "times": self.times,
            "skip": self.skip,
            "final": self.final,
            "owner": self.owner,
            **self.options,
            "fired": self.fired,
        }


@dataclass(slots=True)
class Faults:
    """All orders, oldest first."""

    orders: list[Fault] = field(default_factory=list)
    last_id: int = 0

    def order(self, platform: str, kind: Kind, body: Mapping[str, Any]) -> Fault:
        """Accept an order of a kind that its operation can suffer, or raise BadFault."""
        own = kind.fields(body["operation"])
        order = [*ORDER, FINAL.field] if matches(FINAL.on, body["operation"]) else ORDER
        try:
            fields.check([*order, *own], body, f"The kind {kind.name}")
        except ValueError as error:
            raise BadFault(str(error)) from None
        self.last_id += 1
        options = {option.name: body[option.name] for option in own if option.name in body}
        fault = Fault(
            id=self.last_id,
            platform=platform,
            operation=body["operation"],
            kind=kind.name,
            times=body.get("times", 1),
            skip=body.get("skip", 0),
            final=body.get("final", options.get("after_finish", False)),
            owner=body.get("owner"),
            options=options,
        )
        self.orders.append(fault)
        return fault

    def take(
        self, operation: str, *, final: bool = False, owners: frozenset[str] = frozenset()
    ) -> Fault | None:
        """Return the fault that strikes this call, if one does."""
        for fault in self.orders:
            if fault.strikes(operation, final=final, owners=owners):
                return fault
        return None

    def clear(self) -> None:
        """Forget all orders."""
        self.orders.clear()


def matches(patterns: Iterable[str], operation: str) -> bool:
    """Tell whether one of some patterns is the name of an operation."""
    return any(fnmatchcase(operation, pattern) for pattern in patterns)
