"""Persons and Pages as the Graph API shows them.

`/me/accounts` lists the Pages a person ticked, each with the token that publishes on it,
unless the Page is reachable through a business portfolio only: then the row has none, and a
client that takes the user's token instead will fail later (facts: Facebook section 1.6).
"""

from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from emulator.calls import Call
from emulator.meta.graph.errors import graph_error, json_answer, no_such_field, no_such_object
from emulator.meta.graph.paging import paged
from emulator.meta.graph.params import Params, read
from emulator.meta.graph.selecting import EdgeReader, select_fields
from emulator.meta.login.inspection import Inspection
from emulator.meta.login.pictures import picture_of
from emulator.meta.login.records import Kind
from emulator.meta.login.tokens import Identity, Tokens
from emulator.meta.people import Directory, Page, Person

LIST = "pages_show_list"

Edge = Callable[[Call, Params, str], dict[str, Any]]
"""Reads an edge: takes the call, its parameters and the id of the node."""


class Nodes:
    """The person, the person's Pages, and one Page. `edges` are the other edges of a Page."""

    def __init__(
        self,
        tokens: Tokens,
        directory: Directory,
        inspection: Inspection,
        edges: Mapping[str, Edge],
    ) -> None:
        self._tokens = tokens
        self._directory = directory
        self._inspection = inspection
        self._edges = edges

    async def me(self, call: Call) -> web.StreamResponse:
        """Show whom the token stands for, which for a Page's token is the Page."""
        params = await read(call)
        identity, node = self._tokens.resolve_node(call, params)
        if identity.kind is Kind.PAGE and call.request.match_info["node"] == "me":
            page = self._directory.pages[node]
            return json_answer(self._page(call, params, identity, page, "id,name"))
        if node != identity.person_id or identity.kind is Kind.PAGE:
            raise no_such_object(node)
        person = self._directory.people[node]
        return json_answer(self._person(call, params, identity, person))

    async def accounts(self, call: Call) -> web.StreamResponse:
        """List the Pages that the person ticked for this app."""
        params = await read(call)
        identity, node = self._tokens.resolve_node(call, params)
        if identity.kind is Kind.PAGE:
            raise no_such_field("accounts", "Page")
        if node != identity.person_id:
            raise graph_error("2500")
        return json_answer(self._accounts(call, params, identity, node))

    async def page(self, call: Call) -> web.StreamResponse:
        """Show one Page to those who have anything to do with it."""
        params = await read(call)
        identity, node = self._tokens.resolve_node(call, params)
        page = self._directory.pages[node]
        if not page.tasks.get(identity.person_id or ""):
            raise graph_error(
                "10",
                "(#10) This endpoint requires the 'pages_read_engagement' permission or the "
                "'Page Public Content Access' feature.",
            )
        return json_answer(self._page(call, params, identity, page, "id,name"))

    def _accounts(
        self, call: Call, params: Params, identity: Identity, person_id: str
    ) -> dict[str, Any]:
        pages = self._directory.pages_of(person_id) if LIST in identity.scopes else []
        default = "access_token,category,category_list,name,id,tasks"
        rows = [
            self._page(call, params, identity, page, default)
            for page in pages
            if page.id in identity.pages
        ]
        return paged(call, params, f"{person_id}/accounts", rows)

    def _person(
        self, call: Call, params: Params, identity: Identity, person: Person
    ) -> dict[str, Any]:
        first, _, last = person.name.partition(" ")
        known = {
            "id": person.id,
            "name": person.name,
            "first_name": first,
            "last_name": last or None,
            "short_name": first,
            "name_format": "{first} {last}",
            "email": person.email if "email" in identity.scopes else None,
            "picture": self._picture_of(call, person.id),
            "accounts": lambda inner: self._accounts(call, inner, identity, person.id),
            "permissions": lambda _: self._inspection.listed(identity, person.id),
        }
        return select_fields(params, "User", "id,name", known)

    def _page(
        self, call: Call, params: Params, identity: Identity, page: Page, default: str
    ) -> dict[str, Any]:
        known = {
            "id": page.id,
            "name": page.name,
            "category": page.category,
            "category_list": [{"id": str(len(page.category) + 2200), "name": page.category}],
            "about": page.about or None,
            "followers_count": page.followers,
            "fan_count": page.followers,
            "link": f"https://www.facebook.com/{page.id}",
            "is_published": True,
            "can_post": True,
            "has_transitioned_to_new_page_experience": True,
            "tasks": page.tasks.get(identity.person_id or "", []),
            "access_token": self._token(call, params, identity, page),
            "picture": self._picture_of(call, page.id),
            **{name: self._edge(call, page, edge) for name, edge in self._edges.items()},
        }
        return select_fields(params, "Page", default, known)

    def _edge(self, call: Call, page: Page, edge: Edge) -> EdgeReader:
        return lambda inner: edge(call, inner, page.id)

    def _picture_of(self, call: Call, node: str) -> EdgeReader:
        return lambda inner: picture_of(call, inner, node)

    def _token(self, call: Call, params: Params, identity: Identity, page: Page) -> str | None:
        if not page.has_token or call.suffers("no_page_token") or page.id not in identity.pages:
            return None
        if identity.kind is Kind.USER and LIST in identity.scopes and params.token:
            return self._tokens.issue_page(params.token, page.id)
        return params.token if identity.page_id == page.id else None
