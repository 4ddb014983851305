"""Requests from the emulator to itself.

A batch, a multi-ID request and a method override are carried out as ordinary requests to the
emulator's own address, so that version checks, tokens, faults and counters apply to each. The
address is the local socket address of the outer request.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import ClientSession, FormData, web
from yarl import URL


@dataclass(frozen=True, slots=True)
class Subresponse:
    """The response to a subrequest."""

    status: int
    headers: list[tuple[str, str]]
    body: str

    def answer(self) -> web.Response:
        """Return it as the response to the outer request."""
        kept = {name: value for name, value in self.headers if name.lower() not in OF_A_HOP}
        return web.Response(status=self.status, text=self.body, headers=kept)


async def subrequest(
    request: web.Request,
    method: str,
    target: str,
    query: Mapping[str, str],
    *,
    body: str | FormData | None = None,
    headers: Mapping[str, str] | None = None,
) -> Subresponse:
    """Send a request to the emulator itself; `target` is a path, with or without a query.

    The Authorization header of the outer request is used unless `headers` has one.
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
        return Subresponse(reply.status, list(reply.headers.items()), await reply.text())


OF_A_HOP = frozenset(
    {"content-length", "transfer-encoding", "connection", "date", "server", "host", "expect"}
)
"""Headers of one connection, which are not passed on."""
