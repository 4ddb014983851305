"""Trouble that can be ordered: which call, what goes wrong, how often.

A fault waits for a call of its operation, lets the first `skip` of them pass, then
strikes `times` times (for ever, if `times` is null). At most one fault strikes a call:
the one ordered first. What a kind means is told by whoever carries it out: `calls` for
the kinds that any call can suffer, a platform for the rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

COMMON_KINDS = frozenset({"cut", "lose_answer", "status", "slow"})

_SETTINGS = frozenset({"platform", "operation", "kind", "times", "skip", "final", "owner"})
_OPTIONS: Mapping[str, type | tuple[type, ...]] = {
    "after_bytes": int,
    "status": int,
    "retry_after": (int, str),
    "html": bool,
    "delay_seconds": (int, float),
    "bytes_per_second": int,
    "reason": str,
    "after_finish": bool,
}


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

    def order(self, platform: str, body: Mapping[str, Any]) -> Fault:
        """Accept an order whose operation and kind the caller has already checked."""
        _check(body)
        self.last_id += 1
        options = {name: body[name] for name in _OPTIONS if name in body}
        fault = Fault(
            id=self.last_id,
            platform=platform,
            operation=body["operation"],
            kind=body["kind"],
            times=body.get("times", 1),
            skip=body.get("skip", 0),
            final=bool(body.get("final", options.get("after_finish", False))),
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


def _check(body: Mapping[str, Any]) -> None:
    unknown = sorted(body.keys() - _SETTINGS - _OPTIONS.keys())
    if unknown:
        known = ", ".join(sorted(_SETTINGS | _OPTIONS.keys()))
        raise BadFault(f"A fault has no option {', '.join(unknown)}. It may have: {known}.")
    for name, kind in _OPTIONS.items():
        if name in body and not isinstance(body[name], kind):
            raise BadFault(f"The option {name} has a value of the wrong type.")
    times, skip = body.get("times", 1), body.get("skip", 0)
    if times is not None and not (isinstance(times, int) and times > 0):
        raise BadFault("times must be a positive whole number, or null for every call.")
    if not (isinstance(skip, int) and skip >= 0):
        raise BadFault("skip must be a whole number, zero or more.")
    if body["kind"] == "slow" and "delay_seconds" not in body:
        raise BadFault("The kind slow needs delay_seconds.")
    if body["kind"] == "trickle" and not body.get("bytes_per_second"):
        raise BadFault("The kind trickle needs bytes_per_second.")
    if body["kind"] == "status" and "status" not in body:
        raise BadFault("The kind status needs a status, for example 503.")
