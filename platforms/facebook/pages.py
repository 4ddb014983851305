"""The Pages behind a consent, and which of them can be published to.

A person's token lists the Pages that were ticked, each with a token of its own. A Page that
is reachable through a business portfolio only comes without one, and whoever then takes the
person's token connects a Page that looks well and refuses every video (facts: Facebook
section 1.6): it is left out, with the reason. So is one on which the person may not create
content; a row that tells no tasks is read as having none, since they were asked for.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from domain.accounts import LeftOut
from domain.errors import PlatformRefusal, Remedy
from domain.secrets import Secret
from platforms.facebook.errors import number, require_id, unreadable
from platforms.facebook.graph import Graph
from platforms.facebook.login import SCOPES, Inspection, Login, require_scopes
from platforms.facebook.usage import APP
from platforms.protocol import Account, Accounts, Channel, Credential

_PER_PAGE = 100


def get_accounts(graph: Graph, login: Login, credential: Credential) -> Accounts:
    """All Pages of a consent. Three calls, one more for each further hundred Pages.

    Raises `ReauthorizationNeeded` (`scope_missing`) and `PlatformRefusal` (`no_page`). On
    retry the person's token is extended again, and the Pages' tokens are as good.
    """
    token = login.extend(credential.access_token)
    inspection = login.inspect(token)
    if inspection.fault is not None:
        raise inspection.fault
    require_scopes(inspection.scopes, *SCOPES)
    found = [_account(row, inspection) for row in _list_rows(graph, token)]
    if not found:
        raise PlatformRefusal(
            "no_page",
            "No Page was ticked, or there is none: create one or get a role on one, then "
            "connect again and tick it.",
            remedy=Remedy.RECONNECT,
        )
    return Accounts(
        usable=[account for account in found if isinstance(account, Account)],
        left_out=[page for page in found if isinstance(page, LeftOut)],
    )


def get_channel(graph: Graph, credential: Credential) -> Channel:
    """What the Page looks like now. One call."""
    page = graph.call(
        "GET",
        "me",
        credential.access_token,
        {"fields": "id,name,about,followers_count,picture.type(large)"},
    )
    return Channel(
        id=require_id(page.get("id")),
        title=str(page.get("name", "")),
        description=str(page.get("about", "")),
        follower_count=number(page.get("followers_count")),
        thumbnail_url=_picture(page),
    )


def _account(row: Mapping[str, Any], inspection: Inspection) -> Account | LeftOut:
    id, name = require_id(row.get("id")), str(row.get("name", ""))
    token, tasks = row.get("access_token"), row.get("tasks") or []
    if not isinstance(token, str) or not token:
        return LeftOut(
            id,
            name,
            "no_page_token",
            "Facebook gives no access to this Page, as for one that is reached through a "
            "business portfolio only: get a role on the Page itself, then connect again and "
            "tick it.",
        )
    if "CREATE_CONTENT" not in tasks:
        return LeftOut(
            id,
            name,
            "no_create_content",
            "The person may not create content on this Page: have an admin of the Page allow "
            "it, then connect again.",
        )
    if lacking := [scope for scope in SCOPES if not inspection.covers(scope, id)]:
        return LeftOut(
            id,
            name,
            "scope_not_for_page",
            f"The consent gives {', '.join(lacking)} for other Pages only: connect again and "
            "tick this one, too.",
        )
    return Account(
        id=id,
        name=name,
        handle=None,
        thumbnail_url=_picture(row),
        credential=Credential(
            access_token=Secret(token),
            refresh_token=None,
            # Made from an extended token it has no end (facts: Facebook section 1.6).
            expires_at=None,
            scopes=inspection.scopes,
            data_access_ends_at=inspection.data_access_ends_at,
        ),
        grant_id=inspection.user_id,
    )


def _list_rows(graph: Graph, token: Secret) -> Iterator[Mapping[str, Any]]:
    fields: dict[str, Any] = {
        "fields": "id,name,access_token,tasks,picture.type(large)",
        "limit": _PER_PAGE,
    }
    seen: set[str] = set()
    while True:
        listing = graph.call("GET", "me/accounts", token, fields, budget=APP)
        rows = listing.get("data")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise unreadable()
        yield from rows
        after = _next(listing)
        # A circle in Meta's paging ends.
        if after is None or after in seen:
            return
        seen.add(after)
        fields["after"] = after


def _next(listing: Mapping[str, Any]) -> str | None:
    """Where the next listing begins; only `next` says that there is one."""
    try:
        return str(listing["paging"]["cursors"]["after"]) if "next" in listing["paging"] else None
    except (KeyError, TypeError):
        return None


def _picture(node: Mapping[str, Any]) -> str | None:
    try:
        return str(node["picture"]["data"]["url"])
    except (KeyError, TypeError):
        return None
