"""Outgoing requests, to loopback addresses only.

Clients supply URLs: of videos to fetch and of webhooks to call. The emulator must not send a
request to another host, so a URL is accepted only if its host is a literal loopback address or
`localhost`. No other name is resolved and no redirect is followed.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Any

from aiohttp import ClientResponse, ClientSession, ClientTimeout
from yarl import URL


def is_loopback(address: str) -> bool:
    """Tell whether the host of a URL is a literal loopback address or `localhost`."""
    # The parser of the HTTP client, so that the check and the request see the same host.
    try:
        url = URL(address)
        if url.scheme not in ("http", "https") or url.host is None:
            return False
        return url.host == "localhost" or ip_address(url.host).is_loopback
    except ValueError:
        return False


@asynccontextmanager
async def loopback_request(
    method: str, address: str, *, seconds: float, **options: Any
) -> AsyncIterator[ClientResponse]:
    """Send a request with a timeout of `seconds` and yield the response.

    Certificates are not verified: developers' local servers have self-signed ones. Raises
    `aiohttp.ClientError`, `TimeoutError`, or `OSError` (also for an address that is not loopback).
    """
    if not is_loopback(address):
        raise OSError(f"{address} is not on this machine.")
    async with (
        ClientSession(timeout=ClientTimeout(total=seconds)) as session,
        session.request(method, address, ssl=False, allow_redirects=False, **options) as answer,
    ):
        yield answer
