"""Which address is which operation.

Both Graph hosts, the dialog's host and the upload host are one origin here. An object is
addressed by its number alone, so what `GET /{id}` means is looked up: a person, a Page, or
else a video.
"""

from collections.abc import Iterable, Mapping

from aiohttp import web

from emulator.calls import Call, Handler, serve
from emulator.meta.graph.calls import VERSION, Graph
from emulator.meta.graph.errors import graph_error
from emulator.meta.login.dialog import Dialog
from emulator.meta.login.exchange import Exchange, operation_of
from emulator.meta.login.grants import Grants
from emulator.meta.login.inspection import Inspection
from emulator.meta.login.nodes import Nodes
from emulator.meta.people import Directory


def routes(
    graph: Graph, grants: Grants, directory: Directory, show_video: Handler
) -> Iterable[web.AbstractRouteDef]:
    """Return the routes of login, of persons and Pages, and of what nobody knows."""
    dialog = Dialog(grants, directory, grants.switches)
    for root in ("", VERSION):
        yield web.get(f"{root}/dialog/oauth", serve("dialog.open", dialog.open))
    yield web.post("/dialog/oauth/decision", serve("dialog.decide", dialog.decide))

    exchange, inspection = Exchange(grants), Inspection(grants, grants.tokens)
    for method in ("GET", "POST"):
        yield from graph.route(method, "/oauth/access_token", operation_of, exchange.token)
    yield from graph.route("GET", "/debug_token", "debug_token", inspection.debug_token)

    nodes = Nodes(grants.tokens, directory)
    yield from graph.route("GET", "/me", "me.get", nodes.me)
    for whose in ("/me", r"/{node:\d+}"):
        listed, given = f"{whose}/permissions", "permissions.delete"
        yield from graph.route("GET", f"{whose}/accounts", "me.accounts", nodes.accounts)
        yield from graph.route("GET", listed, "me.permissions", inspection.permissions)
        yield from graph.route("DELETE", listed, given, inspection.withdraw)
        yield from graph.route("DELETE", f"{listed}/{{permission}}", given, inspection.withdraw)
    yield from graph.route("GET", r"/{node:\d+}/picture", "page.picture", nodes.picture)

    shown: Mapping[str, Handler] = {
        "me.get": nodes.me,
        "page.get": nodes.page,
        "video.get": show_video,
    }

    async def name(request: web.Request) -> str:
        node = request.match_info["node"]
        if node in directory.people:
            return "me.get"
        return "page.get" if node in directory.pages else "video.get"

    async def show(call: Call) -> web.StreamResponse:
        return await shown[call.operation](call)

    yield from graph.route("GET", r"/{node:\d+}", name, show)
    yield web.route("*", f"{VERSION}/{{rest:.*}}", _unknown)


async def _unknown(request: web.Request) -> web.Response:
    rest = request.match_info["rest"]
    return graph_error("2500", f"Unknown path components: /{rest}").answer()
