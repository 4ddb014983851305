"""What a client may learn about tokens and permissions, and how it gives them back.

`debug_token` takes an app's token and tells about any other; `/me/permissions` tells what
was granted and declined, and forgets it on DELETE (facts: Facebook sections 1.8 and 1.9).
"""

from typing import Any

from aiohttp import web

from emulator.calls import Call
from emulator.meta.graph.errors import GraphError, graph_error, json_answer, no_such_object
from emulator.meta.graph.params import Params, read
from emulator.meta.login.grants import Grants
from emulator.meta.login.records import BASIC, PERMISSIONS, App, Kind, Token
from emulator.meta.login.tokens import Identity, Tokens


class Inspection:
    """Tokens and permissions, read and withdrawn."""

    def __init__(self, grants: Grants, tokens: Tokens) -> None:
        self._grants = grants
        self._tokens = tokens

    async def debug_token(self, call: Call) -> web.StreamResponse:
        """Tell everything about a token; a dead one is an answer, not an error."""
        params = await read(call)
        identity = self._tokens.caller(params)
        if identity.kind is not Kind.APP:
            raise graph_error(
                "100",
                "(#100) You must provide an app access token, or a user access token that is an "
                "owner or developer of the app",
            )
        token = params.need("input_token")
        app = self._grants.app(identity.app_id)
        known = self._tokens.find(token)
        if known is None:
            return json_answer({"data": self._app_token(token)})
        if known.app != app.id:
            raise graph_error(
                "100", "(#100) The App_id in the input_token did not match the Viewing App"
            )
        return json_answer({"data": self._describe(app, known)})

    async def permissions(self, call: Call) -> web.StreamResponse:
        """List what a person granted and declined."""
        person_id, identity = self._person(call, await read(call))
        return json_answer(self.listed(identity, person_id))

    def listed(self, identity: Identity, person_id: str) -> dict[str, Any]:
        """Return what a person granted to the app that asks, and what they declined."""
        decided = self._grants.ledger.grant(identity.app_id, person_id).permissions
        return {"data": [{"permission": name, "status": it} for name, it in decided.items()]}

    async def withdraw(self, call: Call) -> web.StreamResponse:
        """Take one permission from the app, or everything."""
        params = await read(call)
        person_id, identity = self._person(call, params)
        permission = call.request.match_info.get("permission") or params.text("permission")
        if permission is None:
            self._grants.remove_app(identity.app_id, person_id)
        elif permission in PERMISSIONS and permission != BASIC:
            self._grants.withdraw(identity.app_id, person_id, permission)
        else:
            raise graph_error("100", f"(#100) The permission {permission} cannot be revoked.")
        return json_answer({"success": True})

    def _person(self, call: Call, params: Params) -> tuple[str, Identity]:
        """Return whom a call asks about: oneself, or anybody for the app itself."""
        identity, node = self._tokens.resolve_node(call, params)
        others = identity.kind is Kind.USER and node != identity.person_id
        if identity.kind is Kind.PAGE or others:
            raise no_such_object(node, call.request.method.lower())
        return node, identity

    def _app_token(self, token: str) -> dict[str, Any]:
        try:
            identity = self._tokens.identify(token)
        except GraphError as error:
            return {"error": _told(error), "is_valid": False, "scopes": []}
        app = self._grants.app(identity.app_id)
        return {
            "app_id": app.id,
            "type": Kind.APP,
            "application": app.name,
            "is_valid": True,
            "scopes": [],
        }

    def _describe(self, app: App, known: Token) -> dict[str, Any]:
        error = self._tokens.why_dead(known)
        grant = self._tokens.grant_of(known)
        about: dict[str, Any] = {
            "app_id": app.id,
            "type": known.kind,
            "application": app.name,
            "data_access_expires_at": int(self._tokens.data_access_until(known)),
            "expires_at": int(known.expires_at or 0),
            "is_valid": error is None,
            "issued_at": int(known.issued_at),
            "scopes": grant.granted,
            "granular_scopes": [
                {"scope": name, "target_ids": grant.pages}
                for name in grant.granted
                if name.startswith("pages_")
            ],
            "user_id": known.person,
        }
        if known.page:
            about["profile_id"] = known.page
        if error:
            about["error"] = _told(error)
        return about


def _told(error: GraphError) -> dict[str, Any]:
    told: dict[str, Any] = {"code": error.code, "message": error.message}
    return told if error.subcode is None else {**told, "subcode": error.subcode}
