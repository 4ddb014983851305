"""Lists in pages, with the cursors of the Graph API.

A cursor names a row, so that a list which grows in between is not read twice; `next` and
`previous` are there only where they lead somewhere. They repeat the token of the call, as
Meta's do.
"""

import base64
import binascii
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from emulator.calls import Call
from emulator.meta.graph.errors import graph_error
from emulator.meta.graph.params import Params
from emulator.meta.graph.versions import asked_version

_USUAL, _MOST = 25, 100


def paged(call: Call, params: Params, edge: str, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the part of a list that a call asks for; every row has an `id`.

    `edge` is the path of the list, `{node}/{name}`, for the links to other pages.
    """
    ids = [row["id"] for row in rows]
    asked = params.number("limit")
    limit = _USUAL if asked is None else max(0, min(asked, _MOST))
    start = _after(ids, params.text("after"))
    end = _before(ids, params.text("before"))
    if end is not None:
        start, stop = max(0, end - limit), end
    else:
        stop = min(len(ids), start + limit)
    answer: dict[str, Any] = {"data": list(rows[start:stop])}
    if start < stop:
        first, last = _cursor(ids[start]), _cursor(ids[stop - 1])
        answer["paging"] = {"cursors": {"before": first, "after": last}}
        if stop < len(ids):
            answer["paging"]["next"] = _address(call, params, edge, after=last)
        if start > 0:
            answer["paging"]["previous"] = _address(call, params, edge, before=first)
    return {**answer, **params.summary(len(ids))}


def _after(ids: list[str], cursor: str | None) -> int:
    return 0 if cursor is None else _position(ids, cursor) + 1


def _before(ids: list[str], cursor: str | None) -> int | None:
    return None if cursor is None else _position(ids, cursor)


def _position(ids: list[str], cursor: str) -> int:
    try:
        return ids.index(base64.urlsafe_b64decode(cursor).decode())
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise graph_error("100", "(#100) Invalid cursors values") from None


def _cursor(node: str) -> str:
    return base64.urlsafe_b64encode(node.encode()).decode()


def _address(call: Call, params: Params, edge: str, **cursor: str) -> str:
    query = {name: value for name, value in params.values.items() if name not in _CURSORS}
    if params.token:
        query["access_token"] = params.token
    return f"{call.origin}/{asked_version(call.request)}/{edge}?{urlencode({**query, **cursor})}"


_CURSORS = frozenset({"after", "before"})
