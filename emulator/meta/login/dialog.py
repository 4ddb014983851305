"""The page a person sees: who they are, on which Pages, what the app may do.

`GET /dialog/oauth` shows it as one form; a headless client needs the form's `request_id`
and one POST. What cannot be sent back, because the address to send it to cannot be trusted
or the app asked for nonsense, is told on a page of Facebook's own.
"""

import secrets
from collections import OrderedDict
from collections.abc import Mapping

from aiohttp import web

from emulator.calls import Call
from emulator.meta.graph.calls import ordered_error
from emulator.meta.graph.errors import GraphError, graph_error
from emulator.meta.login.grants import Grants
from emulator.meta.login.records import BASIC, PERMISSIONS, Request, Status
from emulator.meta.people import Directory, Person
from emulator.meta.switches import Switches
from emulator.pages import page
from emulator.parsing import form_of
from emulator.redirects import may_redirect, send_back

_MOST_PENDING = 10_000
_PAGES = "pages_"
# What a configuration of Login for Business asks for, where the app does not say it again.
_CONFIGURED = "pages_show_list,pages_read_engagement,pages_manage_posts"


class Dialog:
    """The dialog and the decision form behind it."""

    def __init__(self, grants: Grants, directory: Directory, switches: Switches) -> None:
        self._grants = grants
        self._directory = directory
        self._switches = switches
        self._pending: OrderedDict[str, Request] = OrderedDict()

    async def open(self, call: Call) -> web.StreamResponse:
        """Show the dialog."""
        try:
            request = self._read(call.request.query)
        except GraphError as error:
            return _refusal(error)
        if call.suffers("graph_error"):
            return self._broken(call, request)
        self._pending[request.id] = request
        if len(self._pending) > _MOST_PENDING:
            self._pending.popitem(last=False)
        return self._page(request)

    async def decide(self, call: Call) -> web.StreamResponse:
        """Take the decision and send the browser back to the app."""
        form = await form_of(call.request)
        request = self._pending.get(str(form.get("request_id", "")))
        if request is None:
            return _refusal(graph_error("100", "This dialog is not waiting for a decision."))
        person = self._directory.find_person(str(form.get("account", "")))
        if form.get("decision") == "allow" and person is None:
            return _refusal(graph_error("100", "Choose one of the accounts."))
        del self._pending[request.id]
        if call.suffers("graph_error"):
            return self._broken(call, request)
        if form.get("decision") != "allow" or person is None:
            return self._back(request, _DENIED)
        ticked = {str(value) for value in form.getall("permission", [])}
        pages = {str(value) for value in form.getall("page", [])}
        return self._accept(request, person, ticked, pages)

    def _accept(
        self, request: Request, person: Person, ticked: set[str], pages: set[str]
    ) -> web.Response:
        mine = [page.id for page in self._directory.pages_of(person.id) if page.id in pages]
        code = self._grants.allow(request, person, ticked, mine if _shows_pages(request) else None)
        answer = {"code": code}
        if request.return_scopes:
            decided = self._grants.ledger.grant(request.app, person.id).permissions
            for status, name in ((Status.GRANTED, "granted"), (Status.DECLINED, "denied")):
                chosen = [permission for permission, it in decided.items() if it is status]
                answer[f"{name}_scopes"] = ",".join(chosen)
        return self._back(request, answer)

    def _broken(self, call: Call, request: Request) -> web.Response:
        """Send back what Facebook sends when the dialog itself fails: no `error` in it."""
        error = ordered_error(call)
        answer = {"error_code": str(error.code), "error_message": error.message}
        return self._back(request, answer)

    def _back(self, request: Request, answer: Mapping[str, str]) -> web.Response:
        state = {} if request.state is None else {"state": request.state}
        fragment = "#_=_" if self._switches.callback_fragment else ""
        return send_back(request.redirect_uri, {**answer, **state}, fragment)

    def _read(self, query: Mapping[str, str]) -> Request:
        app = self._grants.app(query.get("client_id") or query.get("app_id"))
        redirect_uri = query.get("redirect_uri", "")
        if not may_redirect(app.redirect_uris, redirect_uri):
            raise graph_error(
                "191",
                f"URL blocked: {redirect_uri or '(none)'} is not among the valid OAuth redirect "
                "URIs of this app.",
            )
        wanted = set(_words(query.get("response_type", "code")))
        if not wanted <= {"code", "granted_scopes"}:
            raise graph_error("100", "Only response_type=code is served here.")
        configured = bool(query.get("config_id"))
        names = _words(query.get("scope") or (_CONFIGURED if configured else ""))
        unknown = [name for name in names if name not in PERMISSIONS]
        if unknown:
            raise graph_error("100", f"Invalid Scopes: {', '.join(unknown)}.")
        method = query.get("code_challenge_method", "plain")
        if method not in ("S256", "plain"):
            raise graph_error("100", "Invalid code_challenge_method.")
        return Request(
            id=secrets.token_urlsafe(18),
            app=app.id,
            redirect_uri=redirect_uri,
            state=query.get("state"),
            permissions=list(dict.fromkeys([BASIC, *names])),
            rerequest="rerequest" in _words(query.get("auth_type", "")),
            whole=configured,
            return_scopes=query.get("return_scopes") == "true" or "granted_scopes" in wanted,
            challenge=query.get("code_challenge") or None,
            challenge_method=method,
        )

    def _page(self, request: Request) -> web.Response:
        people = list(self._directory.people.values())
        return page(
            "dialog.html",
            app=self._grants.app(request.app),
            request=request,
            shows_pages=_shows_pages(request),
            people=[
                {
                    "person": person,
                    "pages": self._directory.pages_of(person.id),
                    "hidden": set(request.permissions) - set(self._grants.asked(request, person)),
                }
                for person in people
            ],
            permissions=[(name, PERMISSIONS[name], name == BASIC) for name in request.permissions],
        )


_DENIED = {
    "error": "access_denied",
    "error_code": "200",
    "error_description": "Permissions error",
    "error_reason": "user_denied",
}


def _shows_pages(request: Request) -> bool:
    return any(name.startswith(_PAGES) for name in request.permissions)


def _words(text: str) -> list[str]:
    # Commas or spaces, as in Meta's own samples and everybody else's.
    return text.replace(",", " ").split()


def _refusal(error: GraphError) -> web.Response:
    return page("dialog_refusal.html", status=400, code=error.code, description=error.message)
