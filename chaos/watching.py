"""The platforms, as they are seen and troubled from outside: by the emulator's controls.

`Watch` looks at every upload session four times a second and remembers when bytes of it came. A
session that stood still while a worker was killed, and of which more bytes came later, has
recovered: the time between that kill and those bytes is its recovery. It is an upper bound,
because what held the session up may have been another trouble at the same time, and because
further kills before its next byte count to the first one. What follows the last byte is not
seen here.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import httpx2

_LOOK_SECONDS = 0.25
_STILL_SECONDS = 3.0
"""A session on its way that stood for less was not interrupted: an answer may take so long."""


@dataclass(slots=True)
class Moves:
    """When bytes of a session came, by `monotonic`; its opening is the first."""

    received: int = -1
    moments: list[float] = field(default_factory=list)

    def note(self, session: Mapping[str, Any], moment: float) -> None:
        if session["received"] != self.received:
            self.received = session["received"]
            self.moments.append(moment)


class Watch:
    """The emulator's controls, insisting while it is away."""

    def __init__(self, emulator: str) -> None:
        self._http = httpx2.AsyncClient(
            base_url=f"{emulator}/_emulator",
            timeout=10,
            limits=httpx2.Limits(max_keepalive_connections=0),
            trust_env=False,
        )
        self.moves: dict[str, Moves] = {}
        self.strikes: list[float] = []
        self._fired: Counter[int] = Counter()

    async def close(self) -> None:
        await self._http.aclose()

    async def order(self, control: str, body: Mapping[str, Any]) -> Any:
        return await self._insist("POST", control, body)

    async def state(self) -> dict[str, Any]:
        found: dict[str, Any] = await self._insist("GET", "state")
        return found

    async def end_faults(self) -> list[dict[str, Any]]:
        """Forget what has not struck; return all orders, and how often each struck."""
        faults: list[dict[str, Any]] = (await self._insist("GET", "faults"))["faults"]
        await self._insist("DELETE", "faults")
        return faults

    async def look(self) -> None:
        """Keep looking, until cancelled."""
        while True:
            state = await self.state()
            moment = monotonic()
            for session in state["sessions"]:
                self.moves.setdefault(session["id"], Moves()).note(session, moment)
            for fault in state["faults"]:
                self.strikes += [moment] * (fault["fired"] - self._fired[fault["id"]])
                self._fired[fault["id"]] = fault["fired"]
            await asyncio.sleep(_LOOK_SECONDS)

    async def _insist(self, method: str, control: str, body: object = None) -> Any:
        while True:
            try:
                answer = await self._http.request(method, f"/{control}", json=body)
            except httpx2.TransportError:
                await asyncio.sleep(_LOOK_SECONDS)
                continue
            answer.raise_for_status()
            return answer.json()


def interruptions(moves: Moves, troubles: Sequence[float]) -> int:
    """How many troubles fell into a session's life, as far as it was seen. Pure."""
    if not moves.moments:
        return 0
    first, last = moves.moments[0] - _LOOK_SECONDS, moves.moments[-1]
    return sum(first <= trouble <= last for trouble in troubles)


def recoveries(moves: Moves, kills: Sequence[float]) -> list[float]:
    """Seconds from a kill until a session moved again that had stood still since. Pure."""
    found = []
    for before, after in zip(moves.moments, moves.moments[1:], strict=False):
        # The last move was seen by the look that followed it.
        causes = [kill for kill in kills if before - _LOOK_SECONDS <= kill < after]
        if after - before > _STILL_SECONDS and causes:
            found.append(after - causes[0])
    return found
