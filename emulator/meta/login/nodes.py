"""Persons and Pages as the Graph API shows them.

`/me/accounts` lists the Pages a person ticked, each with the token that publishes on it,
unless the Page is reachable through a business portfolio only: then the row has none, and a
client that takes the user's token instead will fail later (facts: Facebook section 1.6).
"""

from typing import Any

from aiohttp import web

from emulator.calls import Call
from emulator.meta.graph.errors import graph_error, json_answer, no_such_field, no_such_object
from emulator.meta.graph.paging import paged
from emulator.meta.graph.params import Params, read
from emulator.meta.login.records import Kind
from emulator.meta.login.tokens import Identity, Tokens
from emulator.meta.people import Directory, Page, Person

LIST = "pages_show_list"

_DRAWING = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 200">
<rect width="200" height="200" fill="#dfe5ec"/>
<circle cx="100" cy="100" r="52" fill="#fff"/></svg>"""


class Nodes:
    """The person, the person's Pages, and one Page."""

    def __init__(self, tokens: Tokens, directory: Directory) -> None:
        self._tokens = tokens
        self._directory = directory

    async def me(self, call: Call) -> web.StreamResponse:
        """Show whom the token stands for, which for a Page's token is the Page."""
        params = await read(call)
        identity = self._tokens.caller(params)
        if identity.kind is Kind.PAGE:
            page = self._directory.pages[identity.page_id or ""]
            return json_answer(self._page(call, params, identity, page, "id,name"))
        person = self._directory.people.get(identity.person_id or "")
        if person is None:
            raise graph_error("2500")
        if call.request.match_info.get("node", person.id) != person.id:
            raise no_such_object(call.request.match_info["node"])
        return json_answer(_chosen(params, "id,name", _person(call, identity, person), "User"))

    async def accounts(self, call: Call) -> web.StreamResponse:
        """List the Pages that the person ticked for this app."""
        params = await read(call)
        identity = self._tokens.caller(params)
        if identity.kind is Kind.PAGE:
            raise no_such_field("accounts", "Page")
        node = call.request.match_info.get("node", identity.person_id)
        if identity.person_id is None or node != identity.person_id:
            raise graph_error("2500")
        pages = self._directory.pages_of(identity.person_id) if LIST in identity.scopes else []
        default = "access_token,category,category_list,name,id,tasks"
        rows = [
            self._page(call, params, identity, page, default)
            for page in pages
            if page.id in identity.pages
        ]
        return json_answer(paged(call, params, rows))

    async def page(self, call: Call) -> web.StreamResponse:
        """Show one Page to those who have anything to do with it."""
        params = await read(call)
        identity = self._tokens.caller(params)
        page = self._directory.pages[call.request.match_info["node"]]
        if not page.tasks.get(identity.person_id or ""):
            raise graph_error(
                "10",
                "(#10) This endpoint requires the 'pages_read_engagement' permission or the "
                "'Page Public Content Access' feature.",
            )
        return json_answer(self._page(call, params, identity, page, "id,name"))

    async def picture(self, _: Call) -> web.StreamResponse:
        """Answer one drawing for everybody; an address that is shown should not be dead."""
        return web.Response(text=_DRAWING, content_type="image/svg+xml")

    def _page(
        self, call: Call, params: Params, identity: Identity, page: Page, default: str
    ) -> dict[str, Any]:
        known = {
            **_common(call, page),
            "category": page.category,
            "category_list": [{"id": str(len(page.category) + 2200), "name": page.category}],
            "about": page.about,
            "followers_count": page.followers,
            "fan_count": page.followers,
            "link": f"https://www.facebook.com/{page.id}",
            "is_published": True,
            "tasks": page.tasks.get(identity.person_id or "", []),
            "access_token": self._token(call, params, identity, page),
        }
        return _chosen(params, default, known, "Page")

    def _token(self, call: Call, params: Params, identity: Identity, page: Page) -> str | None:
        if not page.has_token or call.suffers("no_page_token") or page.id not in identity.pages:
            return None
        if identity.kind is Kind.USER and LIST in identity.scopes and params.token:
            return self._tokens.issue_page(params.token, page.id)
        return params.token if identity.page_id == page.id else None


def _person(call: Call, identity: Identity, person: Person) -> dict[str, Any]:
    first, _, last = person.name.partition(" ")
    return {
        **_common(call, person),
        "first_name": first,
        "last_name": last or None,
        "email": person.email if "email" in identity.scopes else None,
    }


def _common(call: Call, node: Person | Page) -> dict[str, Any]:
    size = {"height": 50, "width": 50, "is_silhouette": False}
    picture = {"data": {**size, "url": f"{call.origin}/{node.id}/picture"}}
    return {"id": node.id, "name": node.name, "picture": picture}


def _chosen(params: Params, default: str, known: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return the fields asked for, and always the id; what may not be seen is left out."""
    names = params.fields(default)
    for name in names:
        if name not in known:
            raise no_such_field(name, kind)
    return {name: known[name] for name in [*names, "id"] if known[name] is not None}
