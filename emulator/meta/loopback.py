"""The only addresses that the emulator calls by itself: those of its own machine.

Clients hand in addresses, of videos to fetch and of webhooks to call. The emulator stands in for
Meta on a developer's machine and must not become a way out of it, so an address is taken only
where its host is written as a loopback address or as `localhost`; no other name is looked up and
no redirect is followed.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from aiohttp import ClientResponse, ClientSession, ClientTimeout


def is_loopback(address: str) -> bool:
    """Tell whether an address is one that may be called."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        if parts.scheme not in ("http", "https") or parts.port == 0:
            return False
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


@asynccontextmanager
async def calling(
    method: str, address: str, *, seconds: float, **options: Any
) -> AsyncIterator[ClientResponse]:
    """Call an address that `is_loopback` has accepted, within so many seconds.

    Certificates are not checked: on a loopback address they are a developer's own. Raises
    `aiohttp.ClientError`, `TimeoutError` or `OSError`.
    """
    if not is_loopback(address):
        raise OSError(f"{address} is not on this machine.")
    async with (
        ClientSession(timeout=ClientTimeout(total=seconds)) as session,
        session.request(method, address, ssl=False, allow_redirects=False, **options) as answer,
    ):
        yield answer
