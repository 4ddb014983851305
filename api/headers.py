"""Header fields that every answer has.

A page brings a content security policy of its own; every other answer may load nothing and be
framed nowhere. Nothing is stored by caches, because most answers are a tenant's and some hold
secrets; only the files of the documentation page may be kept.
"""

import base64
import hashlib
import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ASSETS = "/static-offline-docs"

_DEFAULTS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class SecurityHeaders:
    """ASGI middleware. Adds what an answer does not say itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_asset = scope["path"].startswith(f"{ASSETS}/")

        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _DEFAULTS.items():
                    if not (is_asset and name == "Cache-Control"):
                        headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, secured)


def hashes_of(tag: str, html: str) -> str:
    """The sources of a policy that allow exactly the inline elements of a template.

    `html` is a template or a constant page, never one that holds a caller's text.
    """
    inline = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
    digests = (hashlib.sha256(text.encode()).digest() for text in inline)
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
