"""Six legacy features that apps created since 2026-11-04 cannot use, on any version.

Meta's announcement of v27.0 lists them: multi-ID requests, date/time formatting, HTTP method
override, field aliases, JSONP callbacks, asynchronous batch requests (facts: November). It does
not give the error code. The emulator uses code 3, "the app does not have the capability". With
the switch `app_made_before_v27`, multi-ID requests, method override and aliases work, and the
other three are refused as not served.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from emulator.calls import WORLD
from emulator.meta.graph.errors import GraphError, graph_error, json_answer
from emulator.meta.graph.fields import parse_fields
from emulator.meta.graph.params import Params
from emulator.meta.graph.subrequests import subrequest
from emulator.meta.switches import Switches

REFUSED = "legacy.refused"
"""The name under which refusals are counted."""

IDS, METHOD, ASYNC_EDGE = "ids", "method", "async_batch_requests"
METHODS = frozenset({"GET", "POST", "DELETE", "PUT", "HEAD"})
_NOT_SERVED = frozenset({"date/time formatting", "JSONP callbacks", "asynchronous batch requests"})
_MOST_IDS = 50
_ID = re.compile(r"[\w-]+")


@dataclass(frozen=True, slots=True)
class Legacy:
    """Refuses the legacy features of a new app, and carries out those of an old app."""

    switches: Switches

    async def answer(self, request: web.Request, params: Params) -> web.Response | None:
        """Return the response to a request with a legacy feature; None without one."""
        used = _used(request, params)
        if used is None:
            return None
        if not self.switches.app_made_before_v27:
            request.app[WORLD].note_call(REFUSED)
            raise graph_error(
                "3",
                "(#3) Application does not have the capability to make this API call: apps "
                f"created on or after November 4, 2026 cannot use {used}.",
            )
        if used in _NOT_SERVED:
            raise graph_error("100", f"(#100) Unsupported request: {used} are not served here.")
        if used == "HTTP method override":
            rest, method = _without(params, METHOD), params.need(METHOD).upper()
            return (await subrequest(request, method, request.path, rest)).answer()
        return await _each(request, params) if used == "multi-ID requests" else None


async def _each(request: web.Request, params: Params) -> web.Response:
    """Return one object with an entry per id, or the error of the first id that fails."""
    if "node" in request.match_info:
        raise graph_error("100", f"(#100) Param {IDS} cannot be used with an ID in the path.")
    ids = params.name_list(IDS)
    if len(ids) > _MOST_IDS:
        raise graph_error("100", f"(#100) Too many IDs. Maximum: {_MOST_IDS}. Provided: {len(ids)}")
    version, rest = request.match_info.get("version"), _without(params, IDS)
    below = request.match_info.get("rest", "")
    if strange := [node for node in ids if not _ID.fullmatch(node)]:
        message = f"(#803) Some of the aliases you requested do not exist: {','.join(strange)}"
        raise graph_error("803", message)
    found = []
    for node in ids:
        path = "/".join(part for part in ("", version, node, below) if part is not None)
        reply = await subrequest(request, "GET", path.rstrip("/"), rest)
        if reply.status != 200:
            return reply.answer()
        found.append(f'"{node}":{reply.body}')
    answer = json_answer({})
    answer.text = "{" + ",".join(found) + "}"
    return answer


def _used(request: web.Request, params: Params) -> str | None:
    """Return the legacy feature that a request uses, as the announcement names it."""
    if params.text(IDS) is not None:
        return "multi-ID requests"
    if params.text("date_format") is not None:
        return "date/time formatting"
    if (params.text(METHOD) or "").upper() in METHODS:
        return "HTTP method override"
    if params.text("callback") is not None:
        return "JSONP callbacks"
    if params.text("asyncbatch") is not None or request.path.rstrip("/").endswith(ASYNC_EDGE):
        return "asynchronous batch requests"
    return "field aliases" if _has_alias(params.text("fields")) else None


def _has_alias(fields: str | None) -> bool:
    if fields is None or ".as(" not in fields:
        return False
    try:
        entries = parse_fields(fields)
    except GraphError:
        return False  # the handler reports the syntax error
    return any(entry.alias or _has_alias(entry.nested) for entry in entries)


def _without(params: Params, name: str) -> Mapping[str, str]:
    return {key: value for key, value in params.values.items() if key != name}
