"""Requests that the emulator makes to its own origin.

A request that stands for several, or for one with another method, is answered by making those:
each then goes through versions, tokens, faults and counters like any other. They go back
through the very socket address at which the outer request came in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import ClientSession, FormData, web
from yarl import URL


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: its status, its headers in their order, its body as text."""

    status: int
    headers: list[tuple[str, str]]
    body: str

    def answer(self) -> web.Response:
        """Return it as the answer of the outer request."""
        kept = {name: value for name, value in self.headers if name.lower() not in _OF_A_HOP}
        return web.Response(status=self.status, text=self.body, headers=kept)


async def ask_again(
    request: web.Request,
    method: str,
    target: str,
    query: Mapping[str, str],
    *,
    body: str | FormData | None = None,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Make a request to the origin of another; `target` is its path, perhaps with a query.

    Headers that name who calls are those of the outer request unless given.
    """
    transport = request.transport
    if transport is None:
        raise ConnectionResetError
    host, port = transport.get_extra_info("sockname")[:2]
    path, _, asked = target.partition("?")
    # Built of parts, so that no target can name another host.
    address = URL.build(scheme=request.scheme, host=host, port=port, path=f"/{path.lstrip('/')}")
    address = address.with_query([*parse_qsl(asked, keep_blank_values=True), *query.items()])
    sent: dict[str, Any] = {"Host": request.host, **(headers or {})}
    if isinstance(body, str):
        sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
    if "Authorization" in request.headers:
        sent.setdefault("Authorization", request.headers["Authorization"])
    async with (
        ClientSession() as session,
        session.request(
            method, address, headers=sent, data=body, ssl=False, allow_redirects=False
        ) as reply,
    ):
        return Reply(reply.status, list(reply.headers.items()), await reply.text())


_OF_A_HOP = frozenset({"content-length", "transfer-encoding", "connection", "date", "server"})
