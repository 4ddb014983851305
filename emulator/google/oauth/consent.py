"""The pages a person sees: choose an account, tick what to grant, allow or deny.

`GET /o/oauth2/v2/auth` shows them as one page with one form; a headless client needs
that page's `request_id` and one POST. What Google refuses on a page of its own instead
of sending the browser back (facts: YouTube section 1.2) is such a page here too.
"""

import secrets
from collections import OrderedDict
from urllib.parse import urlencode

from aiohttp import web

from emulator.calls import Call
from emulator.google.accounts import Account, Channel, Directory
from emulator.google.names import issuer
from emulator.google.oauth.grants import Grants, OAuthError
from emulator.google.oauth.records import (
    SCOPES,
    SIGN_IN_SCOPES,
    Person,
    Request,
    full_scope,
    is_granular,
)
from emulator.google.switches import Switches
from emulator.pages import page
from emulator.parsing import form_of
from emulator.redirects import may_redirect, send_back

_MOST_PENDING = 10_000
_PROMPTS = frozenset({"none", "consent", "select_account"})
_MODES = frozenset({"query", "fragment", "form_post"})

_IDENTITY = "emulated-google-identity"
"""The cookie that remembers a browser's last identity: an email or a brand channel's id."""


class Consent:
    """The authorization endpoint and the decision form behind it."""

    def __init__(self, grants: Grants, directory: Directory, switches: Switches) -> None:
        self._grants = grants
        self._directory = directory
        self._switches = switches
        self._pending: OrderedDict[str, Request] = OrderedDict()

    async def authorize(self, call: Call) -> web.StreamResponse:
        """Show the consent page, or go straight back where nothing is left to ask."""
        try:
            request = self._read(dict(call.request.query))
        except OAuthError as error:
            return _refusal(error)
        hinted = self._hinted(request)
        granted = self._grants.granted(request.client, hinted) if hinted else None
        settled = granted is not None and granted.covers(request.scopes, request.offline)
        if hinted and settled and set(request.prompt) <= {"none"}:
            return self._accept(call, request, hinted, request.scopes, prompt="none")
        if "none" in request.prompt:
            return self._back(call, request, {"error": "interaction_required"})
        if "select_account" not in request.prompt:
            request.identity = self._last_identity(call)
        self._pending[request.id] = request
        if len(self._pending) > _MOST_PENDING:
            self._pending.popitem(last=False)
        return self._page(request)

    async def decide(self, call: Call) -> web.StreamResponse:
        """Take the decision and send the browser back to the client."""
        form = await form_of(call.request)
        request = self._pending.get(str(form.get("request_id", "")))
        if request is None:
            return _refusal(OAuthError(400, "invalid_request", "This request is not waiting."))
        if form.get("decision") != "allow":
            del self._pending[request.id]
            return self._back(call, request, {"error": "access_denied"})
        # Without the chooser the browser's last identity answers, whatever the form says.
        choice = self._directory.pick(request.identity or str(form.get("account", "")))
        if choice is None:
            return _refusal(OAuthError(400, "invalid_request", "Choose one of the accounts."))
        del self._pending[request.id]
        scopes = request.scopes
        if is_granular(scopes):
            ticked = {str(value) for value in form.getall("scope", [])}
            scopes = [scope for scope in scopes if scope in SIGN_IN_SCOPES or scope in ticked]
        if not scopes:
            return self._back(call, request, {"error": "access_denied"})
        return self._accept(call, request, _person(*choice), scopes)

    def _read(self, query: dict[str, str]) -> Request:
        client = self._grants.client(query.get("client_id"))
        redirect_uri = query.get("redirect_uri", "")
        if not may_redirect(client.redirect_uris, redirect_uri):
            raise OAuthError(
                400,
                "redirect_uri_mismatch",
                f"The redirect URI in the request, {redirect_uri or '(none)'}, does not match "
                "the ones authorized for the OAuth client.",
            )
        if query.get("response_type") != "code":
            raise OAuthError(400, "invalid_request", "Required parameter: response_type=code")
        scopes = list(dict.fromkeys(full_scope(scope) for scope in query.get("scope", "").split()))
        if not scopes:
            raise OAuthError(400, "invalid_request", "Missing required parameter: scope")
        invalid = [scope for scope in scopes if scope not in SCOPES]
        if invalid:
            raise OAuthError(
                400, "invalid_scope", f"Some requested scopes were invalid: {', '.join(invalid)}"
            )
        method = query.get("code_challenge_method", "plain")
        if method not in ("S256", "plain"):
            raise OAuthError(400, "invalid_request", "Invalid code_challenge_method.")
        mode = query.get("response_mode", "query")
        if mode not in _MODES:
            raise OAuthError(400, "invalid_request", f"Invalid response_mode: {mode}")
        return Request(
            id=secrets.token_urlsafe(18),
            client=client.id,
            redirect_uri=redirect_uri,
            scopes=scopes,
            state=query.get("state"),
            offline=query.get("access_type") == "offline",
            prompt=_prompt_of(query),
            include_granted=query.get("include_granted_scopes") == "true",
            challenge=query.get("code_challenge") or None,
            challenge_method=method,
            nonce=query.get("nonce"),
            login_hint=query.get("login_hint"),
            hosted_domain=query.get("hd"),
            response_mode=mode,
        )

    def _hinted(self, request: Request) -> Person | None:
        accounts = self._directory.accounts.values()
        email = next((a.email for a in accounts if request.login_hint in (a.email, a.sub)), None)
        choice = self._directory.pick(email) if email else None
        return _person(*choice) if choice else None

    def _last_identity(self, call: Call) -> str | None:
        last = call.request.cookies.get(_IDENTITY)
        return last if last and self._directory.pick(last) else None

    def _page(self, request: Request) -> web.Response:
        hinted = self._hinted(request)
        accounts = list(self._directory.accounts.values())
        known = self._directory.pick(request.identity) if request.identity else None
        if known is not None:
            accounts, hinted = [known[0]], _person(*known)
        elif request.hosted_domain:
            # `hd` tidies the chooser and promises nothing: without a match it shows everybody.
            wanted = request.hosted_domain
            fitting = [each for each in accounts if each.hosted and wanted in ("*", each.domain)]
            accounts = fitting or accounts
        chosen = hinted.email if hinted else accounts[0].email
        choices = []
        for account in accounts:
            channels = self._directory.channels_of(account.email)
            brands = [channel for channel in channels if channel.brand]
            own = next((channel for channel in channels if not channel.brand), None)
            choices.append({"account": account, "own": own, "brands": brands})
        return page(
            "consent.html",
            unticked=self._directory.accounts[chosen].unticked,
            request=request,
            choices=choices,
            chosen=chosen,
            identity=request.identity,
            granular=is_granular(request.scopes),
            scopes=[(scope, SCOPES[scope], scope in SIGN_IN_SCOPES) for scope in request.scopes],
        )

    def _accept(
        self,
        call: Call,
        request: Request,
        person: Person,
        scopes: list[str],
        prompt: str = "consent",
    ) -> web.Response:
        code, covered = self._grants.allow(request, person, scopes)
        answer = {"code": code, "scope": " ".join(covered)}
        if self._switches.callback_extras:
            answer |= {"authuser": "0", "prompt": prompt}
            account = self._directory.accounts[person.email]
            answer |= {"hd": account.domain} if account.hosted else {}
        back = self._back(call, request, answer)
        brand = self._brand_of(person)
        back.set_cookie(_IDENTITY, brand or person.email, path="/o/oauth2", httponly=True)
        return back

    def _back(self, call: Call, request: Request, answer: dict[str, str]) -> web.Response:
        if self._switches.callback_issuer:
            answer = {"iss": issuer(call, self._switches), **answer}
        if request.state is not None:
            answer = {"state": request.state, **answer}
        if request.response_mode == "form_post":
            return page("form_post.html", uri=request.redirect_uri, answer=answer)
        if request.response_mode == "fragment":
            return send_back(request.redirect_uri, {}, "#" + urlencode(answer))
        return send_back(request.redirect_uri, answer)

    def _brand_of(self, person: Person) -> str | None:
        channels = self._directory.channels_of(person.email)
        brands = (channel.id for channel in channels if channel.brand)
        return next((brand for brand in brands if brand == person.channel), None)


def _prompt_of(query: dict[str, str]) -> list[str]:
    """Read `prompt`, or `approval_prompt`, its predecessor: `force` is `consent`."""
    if "prompt" in query and "approval_prompt" in query:
        raise OAuthError(400, "invalid_request", "Conflict params: approval_prompt and prompt")
    if old := query.get("approval_prompt"):
        if old not in ("force", "auto"):
            raise OAuthError(400, "invalid_request", f"Invalid approval_prompt: {old}")
        return ["consent"] if old == "force" else []
    prompt = query.get("prompt", "").split()
    if not set(prompt) <= _PROMPTS or ("none" in prompt and len(prompt) > 1):
        raise OAuthError(
            400,
            "invalid_request",
            f"Invalid parameter value for prompt: Invalid prompt: {' '.join(prompt)}",
        )
    return prompt


def _person(account: Account, channel: Channel | None) -> Person:
    return Person(account.email, channel.id if channel else None)


def _refusal(error: OAuthError) -> web.Response:
    return page(
        "refusal.html",
        status=error.status,
        code=error.status,
        error=error.error,
        description=error.description,
    )
