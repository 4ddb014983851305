"""Where a browser may be sent back to, and how.

An address must be registered as it is; loopback addresses need no registration, because
everybody's own machine is where the emulator is used.
"""

from collections.abc import Collection, Mapping
from urllib.parse import urlencode, urlsplit

from aiohttp import web

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def may_redirect(registered: Collection[str], uri: str) -> bool:
    """Tell whether a redirect URI is one of those registered, or loopback."""
    if uri in registered:
        return True
    parts = urlsplit(uri)
    return parts.scheme == "http" and parts.hostname in _LOOPBACK and not parts.fragment


def send_back(uri: str, answer: Mapping[str, str], fragment: str = "") -> web.Response:
    """Send the browser to a redirect URI with an answer in its query."""
    joint = "&" if urlsplit(uri).query else "?"
    location = f"{uri}{joint}{urlencode(answer)}{fragment}" if answer else f"{uri}{fragment}"
    return web.Response(status=302, headers={"Location": location, "Cache-Control": "no-store"})
