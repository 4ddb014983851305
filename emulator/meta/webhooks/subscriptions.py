"""`/{app-id}/subscriptions` and `/{page-id}/subscribed_apps`.

An app subscribes its callback URL with the app token; the URL is verified with a challenge first
(errors 2200 and 2201). A Page token then installs the app on the Page, with a list of fields
(Meta's pages on Webhooks and Page Subscribed Apps). Only loopback addresses are called.
"""

import secrets
from typing import Any

from aiohttp import ClientError, ClientResponse, web

from emulator.calls import Call
from emulator.clock import Clock
from emulator.meta.graph.errors import GraphError, graph_error, json_answer, no_such_object
from emulator.meta.graph.names import SUBSCRIBED
from emulator.meta.graph.params import Params, read
from emulator.meta.graph.versions import served_version
from emulator.meta.login.records import App, Kind
from emulator.meta.login.tokens import Tokens
from emulator.meta.loopback import is_loopback, loopback_request
from emulator.meta.webhooks.records import Hooks, Installation, Subscription

MANAGE_METADATA = "pages_manage_metadata"
_SECONDS = 10
_MOST_BYTES = 1024
"""More of a response is not read; a challenge has nine digits."""
_SHOWN = 100


class Subscriptions:
    """The subscriptions of apps, and the apps on Pages."""

    def __init__(self, clock: Clock, tokens: Tokens, hooks: Hooks) -> None:
        self._clock = clock
        self._tokens = tokens
        self._hooks = hooks

    async def shown(self, call: Call) -> web.StreamResponse:
        """List the subscriptions of an app."""
        app = self._app(call, await read(call))
        subscription = self._hooks.subscriptions.get(app.id)
        version = f"v{served_version(call.request)}.0"
        rows = [] if subscription is None else [_shown(subscription, version)]
        return json_answer({"data": rows})

    async def subscribe(self, call: Call) -> web.StreamResponse:
        """Subscribe an app to Pages after its callback URL was verified."""
        params = await read(call)
        app = self._app(call, params)
        if params.need("object") != "page":
            raise graph_error("100", "(#100) Unsupported object: only page is served here.")
        fields = _fields(params, "fields")
        if not fields:
            raise graph_error("100", "(#100) The parameter fields is required")
        address, word = params.need("callback_url"), params.text("verify_token") or ""
        await _verify(address, word)
        self._hooks.subscriptions[app.id] = Subscription(address, fields)
        return json_answer({"success": True})

    async def unsubscribe(self, call: Call) -> web.StreamResponse:
        """Delete an app's subscription, or some of its fields."""
        params = await read(call)
        app = self._app(call, params)
        subscription = self._hooks.subscriptions.get(app.id)
        ended = _fields(params, "fields")
        if subscription is not None:
            left = [name for name in subscription.fields if ended and name not in ended]
            if left:
                subscription.fields = left
            else:
                del self._hooks.subscriptions[app.id]
        return json_answer({"success": True})

    def installed(self, call: Call, params: Params, node: str) -> dict[str, Any]:
        """List the apps on a Page."""
        self._check(call, params, node)
        rows = [
            {
                "category": "Business",
                "link": "https://www.facebook.com/games/?app_id=" + app,
                "name": self._tokens.ledger.apps[app].name,
                "id": app,
                "subscribed_fields": installation.fields,
            }
            for app, installation in self._hooks.pages.get(node, {}).items()
        ]
        return {"data": rows}

    async def show(self, call: Call) -> web.StreamResponse:
        """Return the apps on a Page."""
        params = await read(call)
        _, node = self._tokens.resolve_node(call, params)
        return json_answer(self.installed(call, params, node))

    async def install(self, call: Call) -> web.StreamResponse:
        """Install the token's app on the Page with `subscribed_fields`."""
        params = await read(call)
        _, node = self._tokens.resolve_node(call, params)
        app = self._check(call, params, node)
        fields = _fields(params, "subscribed_fields")
        if not fields:
            raise graph_error("100", "(#100) The parameter subscribed_fields is required")
        installed = self._hooks.pages.setdefault(node, {})
        since = installed[app].since if app in installed else self._clock.now()
        installed[app] = Installation(fields, since)
        return json_answer({"success": True})

    async def remove(self, call: Call) -> web.StreamResponse:
        """Remove the token's app from the Page."""
        params = await read(call)
        _, node = self._tokens.resolve_node(call, params)
        app = self._check(call, params, node)
        self._hooks.pages.get(node, {}).pop(app, None)
        return json_answer({"success": True})

    def _app(self, call: Call, params: Params) -> App:
        identity, node = self._tokens.resolve_node(call, params)
        if identity.kind is not Kind.APP or identity.app_id != node:
            raise _error(15, "This method must be called with an app access_token.")
        return self._tokens.ledger.apps[node]

    def _check(self, call: Call, params: Params, node: str) -> str:
        """Return the app of a call that manages a Page's webhooks. Raises 100/33, 200 or 210."""
        identity = self._tokens.caller(params)
        page = self._tokens.directory.pages.get(node)
        if page is None or not page.tasks.get(identity.person_id or ""):
            raise no_such_object(node, call.request.method.lower())
        if identity.page_id != node:
            raise graph_error(
                "210", "(#210) A page access token is required to request this resource."
            )
        if MANAGE_METADATA not in identity.scopes:
            raise graph_error(
                "200", f"(#200) Requires {MANAGE_METADATA} permission to manage the object"
            )
        return identity.app_id


def _fields(params: Params, name: str) -> list[str]:
    """Return the fields of a parameter. Raises 100 for an unknown one."""
    fields = params.name_list(name)
    for place, field in enumerate(fields):
        if field not in SUBSCRIBED:
            known = ", ".join(sorted(SUBSCRIBED))
            raise graph_error("100", f"(#100) Param {name}[{place}] must be one of {{{known}}}")
    return list(dict.fromkeys(fields))


async def _verify(address: str, word: str) -> None:
    """Verify a callback URL with a challenge. Raises 2200 or 2201."""
    if not is_loopback(address):
        raise _unverified("the emulator calls addresses on this machine only")
    challenge = str(secrets.randbelow(9 * 10**8) + 10**8)
    query = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": word}
    try:
        async with loopback_request("GET", address, seconds=_SECONDS, params=query) as answer:
            status, reason = answer.status, answer.reason
            text = await _beginning(answer)
    except (ClientError, TimeoutError, OSError) as error:
        raise _unverified(f"curl_errno = 7; {str(error) or type(error).__name__}") from None
    if status != 200:
        raise _unverified(f"HTTP Status Code = {status}; HTTP Message = {reason}")
    if text.strip() != challenge:
        raise _error(
            2201,
            f'response does not match challenge, expected value="{challenge}", '
            f'received="{text[:_SHOWN]}"',
        )


async def _beginning(answer: ClientResponse) -> str:
    """Return the beginning of a response, in which a challenge would be whole."""
    content = b""
    while len(content) < _MOST_BYTES and (piece := await answer.content.read(_MOST_BYTES)):
        content += piece
    return content.decode(errors="replace")


def _unverified(why: str) -> GraphError:
    return _error(2200, f"Callback verification failed with the following errors: {why}")


def _error(code: int, message: str) -> GraphError:
    # Not in the catalog, which is what publishing can meet.
    return GraphError(400, code, None, f"(#{code}) {message}")


def _shown(subscription: Subscription, version: str) -> dict[str, Any]:
    return {
        "object": "page",
        "callback_url": subscription.callback_url,
        "active": True,
        "fields": [{"name": name, "version": version} for name in subscription.fields],
    }
