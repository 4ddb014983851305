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

from aiohttp import ClientResponse, ClientSession, ClientTimeout
from yarl import URL


def is_loopback(address: str) -> bool:
    """Tell whether an address is one that may be called."""
    # Read by the parser of the client that will call it, so that both see the same host.
    try:
        url = URL(address)
        if url.scheme not in ("http", "https") or url.host is None:
            return False
        return url.host == "localhost" or ip_address(url.host).is_loopback
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
