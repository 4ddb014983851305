"""All that the emulator remembers, whatever the platform.

The world holds what platforms share (clock, faults, counters) and one object per
platform, of which it knows only the protocol below. That protocol is the seam for the
next platform: a package with its own routes, seeds, switches and state.
"""

import re
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from aiohttp import web

from emulator import faults
from emulator.clock import Clock
from emulator.faults import BadFault, Fault, Faults, Kind
from emulator.fields import Field
from emulator.spool import Spools
from emulator.switches import switch

_REMEMBERED = 1000


@dataclass(frozen=True, slots=True)
class Introduction:
    """What the first page says of a platform.

    An account is its email, what it holds (name and id), and a remark.
    """

    title: str
    client_id: str
    client_secret: str
    holdings: str
    accounts: list[tuple[str, list[tuple[str, str]], str]]
    api_key: str = ""


class Platform(Protocol):
    """What the emulator asks of a platform."""

    name: str
    operations: frozenset[str]
    kinds: tuple[Kind, ...]  # the faults that it carries out itself
    switches: Any
    account_fields: tuple[Field, ...]  # what an order for an account may say
    domains: tuple[str, ...]  # the real names it has
    paths: re.Pattern[str]  # how its paths begin, under whatever name

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """Return everything the platform serves."""

    def refuse(self, request: web.Request, status: int) -> web.Response:
        """Answer what it does not serve: 404, 405 for another method, 413 for too large a body."""

    def reset(self) -> None:
        """Go back to the seeded state."""

    def introduce(self) -> Introduction:
        """Return what the first page says of it."""

    def describe(self) -> Mapping[str, Any]:
        """Return the platform's part of `GET /_emulator/state`: no secret in it."""

    def seed_account(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Add an account; raise ValueError with a sentence if the order makes no sense."""

    def seed_client(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Add or change an OAuth client, under the same rule."""

    def to_plain(self) -> Any:
        """Return the state as JSON values, for the state file."""

    def restore(self, plain: Any) -> None:
        """Take the state from what `to_plain` returned."""


@dataclass(slots=True)
class Transfer:
    """Bytes of bodies that came in, and bytes that were kept."""

    bytes_received: int = 0
    bytes_stored: int = 0


@dataclass(slots=True)
class Switches:
    """What can be chosen about all platforms alike."""

    upload_bytes_per_second: int = switch(
        0, "How fast each connection brings in a file, in bytes a second; 0 is as fast as it can."
    )


@dataclass(slots=True)
class World:
    """One emulator. `changes` grows with every change, so that a keeper can notice.

    `promises` is what `changes` was when a client was last told something that must
    outlive even a killed process.
    """

    clock: Clock = field(default_factory=Clock)
    faults: Faults = field(default_factory=Faults)
    calls: Counter[str] = field(default_factory=Counter)
    journal: deque[str] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    transfer: Transfer = field(default_factory=Transfer)
    switches: Switches = field(default_factory=Switches)
    platforms: dict[str, Platform] = field(default_factory=dict)
    background: list[Callable[[], Coroutine[Any, Any, None]]] = field(default_factory=list)
    """Coroutines of platforms that run while the emulator serves."""
    spools: Spools = field(default_factory=Spools)
    changes: int = 0
    promises: int = 0

    def add(self, platform: Platform) -> None:
        """Make a platform part of this world."""
        self.platforms[platform.name] = platform

    def note_call(self, operation: str) -> None:
        """Count a call and remember its turn; every call is taken for a change."""
        self.calls[operation] += 1
        self.journal.append(operation)
        self.changes += 1

    def promise(self) -> None:
        """Note a change that has to be kept before its call is answered."""
        self.changes += 1
        self.promises = self.changes

    def platform(self, name: object = None) -> Platform:
        """Return a platform by name, or raise ValueError with the names there are.

        Without a name it is the one that was added first.
        """
        if name is None:
            return next(iter(self.platforms.values()))
        if not isinstance(name, str) or name not in self.platforms:
            raise ValueError(f"There is no platform {name}. There is: {', '.join(self.platforms)}.")
        return self.platforms[name]

    def order_fault(self, body: Mapping[str, Any]) -> Fault:
        """Accept a fault, or raise ValueError with a sentence that says what would do.

        The platform may be left out where only one has the operation.
        """
        operation = str(body.get("operation"))
        named = [self.platform(body["platform"])] if "platform" in body else None
        candidates = named or list(self.platforms.values())
        owner = next((p for p in candidates if operation in p.operations), None)
        if owner is None:
            known = sorted(set().union(*(p.operations for p in candidates)))
            raise BadFault(f"There is no operation {operation}. There is: {', '.join(known)}.")
        kinds = {k.name: k for k in (*faults.KINDS, *owner.kinds) if k.strikes(operation)}
        kind = kinds.get(str(body.get("kind")))
        if kind is None:
            raise BadFault(
                f"{operation} has no kind {body.get('kind')}. It has: {', '.join(sorted(kinds))}."
            )
        return self.faults.order(owner.name, kind, body)

    def reset(self) -> None:
        """Go back to the seeds: time, faults, switches, counters and every platform."""
        self.clock.offset_seconds = 0.0
        self.faults.clear()
        self.calls.clear()
        self.journal.clear()
        self.transfer.bytes_received = self.transfer.bytes_stored = 0
        self.switches = Switches()
        for platform in self.platforms.values():
            platform.reset()
        self.spools.drop_all()
        self.changes += 1
