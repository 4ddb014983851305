"""Which address is which operation.

Both Graph hosts, the dialog's host and the upload host are one origin here. An object is
addressed by its number alone, so what `GET /{id}` means is looked up: a person, a Page, or
else a video.
"""

from collections.abc import Iterable, Mapping

from aiohttp import web

from emulator.calls import Call, Handler, serve
from emulator.meta.graph.batch import batch
from emulator.meta.graph.calls import ME, SLASH, Graph
from emulator.meta.graph.versions import VERSION
from emulator.meta.login.dialog import Dialog
from emulator.meta.login.exchange import Exchange, operation_of
from emulator.meta.login.grants import Grants
from emulator.meta.login.inspection import Inspection
from emulator.meta.login.nodes import Nodes
from emulator.meta.login.pictures import picture
from emulator.meta.people import Directory
from emulator.meta.publishing.routes import Publishing
from emulator.meta.webhooks.subscriptions import Subscriptions


def routes(
    graph: Graph,
    grants: Grants,
    directory: Directory,
    subscriptions: Subscriptions,
    publishing: Publishing,
) -> Iterable[web.AbstractRouteDef]:
    """Return the routes of login, persons, Pages, webhooks and batches, and the refusals."""
    dialog = Dialog(grants, directory, grants.switches)
    for root in ("", VERSION):
        yield web.get(f"{root}/dialog/oauth", serve("dialog.open", dialog.open))
    yield web.post("/dialog/oauth/decision", serve("dialog.decide", dialog.decide))

    exchange, inspection = Exchange(grants), Inspection(grants, grants.tokens)
    for method in ("GET", "POST"):
        yield from graph.route(method, "/oauth/access_token", operation_of, exchange.token)
    yield from graph.route("GET", "/debug_token", "debug_token", inspection.debug_token)

    listed, given = f"{ME}/permissions", "permissions.delete"
    edges = {**publishing.edges, "subscribed_apps": subscriptions.installed}
    nodes = Nodes(grants.tokens, directory, inspection, edges)
    yield from graph.route("GET", f"{ME}/accounts", "me.accounts", nodes.accounts)
    yield from graph.route("GET", listed, "me.permissions", inspection.permissions)
    yield from graph.route("DELETE", listed, given, inspection.withdraw)
    yield from graph.route("DELETE", f"{listed}/{{permission}}", given, inspection.withdraw)
    yield from graph.route("GET", f"{ME}/picture", "page.picture", picture)
    yield from _webhooks(graph, subscriptions)

    shown: Mapping[str, Handler] = {
        "me.get": nodes.me,
        "page.get": nodes.page,
        "video.get": publishing.show_video,
    }

    async def name(request: web.Request) -> str:
        node = request.match_info["node"]
        if node == "me" or node in directory.people:
            return "me.get"
        return "page.get" if node in directory.pages else "video.get"

    async def show(call: Call) -> web.StreamResponse:
        return await shown[call.operation](call)

    yield from graph.route("GET", ME, name, show)
    for path in ("/", VERSION + SLASH):
        yield web.post(path, graph.serve("batch", batch))
    yield from graph.unserved()


def _webhooks(graph: Graph, subscriptions: Subscriptions) -> Iterable[web.AbstractRouteDef]:
    of_app, of_page = r"/{node:\d+}/subscriptions", f"{ME}/subscribed_apps"
    for method, path, operation, handler in (
        ("GET", of_app, "subscriptions.list", subscriptions.shown),
        ("POST", of_app, "subscriptions.create", subscriptions.subscribe),
        ("DELETE", of_app, "subscriptions.delete", subscriptions.unsubscribe),
        ("GET", of_page, "subscribed_apps.list", subscriptions.show),
        ("POST", of_page, "subscribed_apps.create", subscriptions.install),
        ("DELETE", of_page, "subscribed_apps.delete", subscriptions.remove),
    ):
        yield from graph.route(method, path, operation, handler)
