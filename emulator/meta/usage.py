"""How much a client has called, and when that was too much.

Calls count against the app by the hour and against a Page by 24 hours, both rolling; the
usage headers say in per cent how full the two are, and are absent while that is nothing
(facts: Facebook section 4). Meta measures computing time besides, which nothing here
has, so only the number of calls can be the reason for a refusal; a refused call counts
too, since loopback_request while throttled prolongs it.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

from emulator.calls import Call, Handler
from emulator.clock import Clock
from emulator.meta.graph.errors import GraphError, graph_error
from emulator.meta.graph.params import Params
from emulator.meta.login.records import Kind
from emulator.meta.login.tokens import Tokens
from emulator.meta.switches import Switches

HOUR, DAY = 3600, 86400
_SLICES = 60  # a window rolls in so many steps


@dataclass(slots=True)
class Tally:
    """Calls by slice of time, of every app and of every Page; a slice is named by its end."""

    apps: dict[str, dict[str, int]] = field(default_factory=dict)
    pages: dict[str, dict[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reading:
    """How full a budget is, and the minutes until there is room again."""

    percent: int
    minutes: int

    @property
    def header(self) -> dict[str, int]:
        """The three numbers that every usage header has."""
        part = min(100, self.percent)
        return {"call_count": part, "total_cputime": part // 4, "total_time": part // 4}


@dataclass(slots=True)
class Usage:
    """Counts calls, adds the headers, and refuses where a budget is used up."""

    clock: Clock
    switches: Switches
    tokens: Tokens
    tally: Tally

    def wrap(self, handler: Handler, reads: Callable[[web.Request], Awaitable[Params]]) -> Handler:
        """Return the handler with its calls counted; `reads` tells what a request says."""

        async def answer(call: Call) -> web.StreamResponse:
            headers: dict[str, str] = {}
            try:
                self._charge(call, await reads(call.request), headers)
                response = await handler(call)
            except GraphError as error:
                error.headers = {**headers, **error.headers}
                raise
            response.headers.update(headers)
            return response

        return answer

    def _charge(self, call: Call, params: Params, headers: dict[str, str]) -> None:
        """Count a call for whom its token speaks, and fill in the headers of its answer.

        A call that nobody can be charged for is refused by its handler.
        """
        try:
            identity = self.tokens.caller(params)
        except GraphError:
            return
        node = call.request.match_info.get("node", "")
        page = identity.page_id or (node if node in self.tokens.directory.pages else None)
        if identity.kind is not Kind.PAGE:
            app = self._count(self.tally.apps, identity.app_id, self.switches.app_calls_per_hour)
            if app.percent:
                headers["X-App-Usage"] = json.dumps(app.header)
            if app.percent > 100:
                raise graph_error("4")
        if page:
            used = self._count(self.tally.pages, page, self.switches.page_calls_per_day)
            if used.percent:
                headers |= _page_headers(page, used)
            if used.percent > 100:
                raise graph_error("80001" if identity.kind is Kind.PAGE else "32")

    def _count(self, tallies: dict[str, dict[str, int]], whose: str, limit: int) -> Reading:
        window = HOUR if tallies is self.tally.apps else DAY
        width, now = window // _SLICES, self.clock.now()
        known = {end: n for end, n in tallies.get(whose, {}).items() if int(end) + window > now}
        tallies[whose] = known
        end = str(int(now // width + 1) * width)
        known[end] = known.get(end, 0) + 1
        used, wait = sum(known.values()), 0.0
        for end in sorted(known, key=int):
            if used < limit:
                break
            used, wait = used - known[end], int(end) + window - now
        percent = 100 * sum(known.values()) / limit if limit else 101
        return Reading(_up(percent) if percent > 100 else int(percent), _up(wait / 60))


def _page_headers(page: str, used: Reading) -> dict[str, str]:
    use_case = {
        "type": "pages",
        **used.header,
        "estimated_time_to_regain_access": used.minutes if used.percent > 100 else 0,
    }
    return {
        "X-Business-Use-Case-Usage": json.dumps({page: [use_case]}),
        "X-Page-Usage": json.dumps(used.header),
    }


def _up(number: float) -> int:
    return -int(-number // 1)
