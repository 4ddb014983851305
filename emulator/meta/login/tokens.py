"""Every token: made, known again, refused for a reason.

A user's token lives an hour, extended 60 days. A Page's token belongs to a Page, a person
and an app: made from an extended token it does not age, made from a short one it dies with
it (facts: Facebook sections 1.5 and 1.6). An app's token is its id and its secret. Nothing
here is HTTP; refusals are raised as `GraphError`.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

from emulator.calls import Call
from emulator.clock import Clock
from emulator.meta.graph.errors import GraphError, graph_error, no_such_object
from emulator.meta.graph.params import PROOF, Params
from emulator.meta.login.records import App, Grant, Kind, Ledger, Token, digest, new_token
from emulator.meta.people import PUBLISH, Directory, Page
from emulator.meta.switches import Switches

REMEMBERED_SECONDS = 90 * 86400
CREATE_CONTENT = "CREATE_CONTENT"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who calls: an app, a person through it, or a Page through both."""

    kind: Kind
    app_id: str
    person_id: str | None = None
    page_id: str | None = None
    scopes: frozenset[str] = frozenset()
    pages: frozenset[str] = field(default_factory=frozenset)


@dataclass(slots=True)
class Tokens:
    """All tokens, and what each is worth at this moment."""

    clock: Clock
    switches: Switches
    directory: Directory
    ledger: Ledger

    def issue(self, app_id: str, person_id: str, *, lasting: bool = False) -> tuple[str, int]:
        """Return a new user's token and how many seconds it lives."""
        lifetime = (
            self.switches.long_token_seconds if lasting else self.switches.short_token_seconds
        )
        token, now = new_token(), self.clock.now()
        self.ledger.tokens[digest(token)] = Token(
            Kind.USER, app_id, person_id, now, now + lifetime, lasting=lasting
        )
        return token, lifetime

    def issue_page(self, user_token: str, page_id: str) -> str:
        """Return the Page's token that a user's token gives: always the same one."""
        known = self.ledger.tokens[digest(user_token)]
        proof = hmac.new(user_token.encode(), page_id.encode(), hashlib.sha512).hexdigest()
        token = f"EAAB{proof}"
        self.ledger.tokens.setdefault(
            digest(token),
            Token(
                Kind.PAGE,
                known.app,
                known.person,
                self.clock.now(),
                None if known.lasting else known.expires_at,
                page=page_id,
                lasting=known.lasting,
            ),
        )
        return token

    def issue_app(self, app: App) -> str:
        """Return the app's own token: always the same one, and not its secret."""
        proof = hmac.new(app.secret.encode(), app.id.encode(), hashlib.sha256).hexdigest()
        return f"{app.id}|{proof[:27]}"

    def find(self, token: str) -> Token | None:
        """Return what is known of a user's or a Page's token, dead or alive."""
        return self.ledger.tokens.get(digest(token))

    def identify(self, token: str | None, proof: str | None = None) -> Identity:
        """Return who calls, or raise why the token is of no use."""
        if not token:
            raise graph_error("104")
        identity = self._app(token) if "|" in token else self._identity(token)
        self._check_proof(self.ledger.apps[identity.app_id], token, proof)
        return identity

    def caller(self, params: Params) -> Identity:
        """Return who makes a call, proof included."""
        return self.identify(params.token, params.text(PROOF))

    def resolve_node(self, call: Call, params: Params) -> tuple[Identity, str]:
        """Return the caller, and the id of the node in the path.

        `me` is the Page with a Page token, else the person. Raises 2500 where there is neither.
        """
        node: str = call.request.match_info["node"]
        if node != "me":
            return self.caller(params), node
        if params.token is None:
            raise graph_error("2500")
        identity = self.caller(params)
        mine = identity.page_id or identity.person_id
        if mine is None:
            raise graph_error("2500")
        return identity, mine

    def page_of(self, call: Call, params: Params, page_id: str) -> Page:
        """Return the Page that a call may publish on, or raise why it may not.

        It takes the Page's own token, of a person with the task for it, who granted the
        permission for it and ticked the Page. A user's token meets the two errors that
        have puzzled so many (facts: Facebook sections 1.6 and 4).
        """
        identity = self.caller(params)
        page = self.directory.pages.get(page_id)
        if page is None:
            raise no_such_object(page_id, call.request.method.lower())
        if identity.kind is not Kind.PAGE:
            if params.flag("published") is False:
                raise graph_error(
                    "200", "(#200) Unpublished posts must be posted to a page as the page itself."
                )
            raise graph_error("100", "(#100) No permission to publish the video")
        if identity.page_id != page_id or page_id not in identity.pages:
            raise graph_error("200")
        if PUBLISH not in identity.scopes:
            raise graph_error("200", f"(#200) Requires {PUBLISH} permission to manage the object")
        if not page.allows(identity.person_id, CREATE_CONTENT):
            raise graph_error(
                "200",
                "(#200) The user must be an administrator with sufficient administrative "
                "permission on the page",
            )
        return page

    def why_dead(self, known: Token) -> GraphError | None:
        """Return what a call with this token is told, unless it is alive."""
        if self.ledger.apps[known.app].deleted:
            return graph_error("190", "Error validating application. Application has been deleted.")
        if known.ended is not None:
            return graph_error(f"190/{known.ended}")
        if known.expires_at is not None and self.clock.now() >= known.expires_at:
            return graph_error("190/463")
        if known.page and not self._has_role(known):
            return graph_error("190/492")
        if self.switches.refuse_lapsed_data_access and self.clock.now() >= self.data_access_until(
            known
        ):
            return graph_error("190", "Error validating access token: Data access has expired.")
        return None

    def data_access_until(self, known: Token) -> float:
        """Return when the data of a token's person stop being readable."""
        return self.grant_of(known).confirmed_at + self.switches.data_access_seconds

    def grant_of(self, known: Token) -> Grant:
        """Return the grant a token rests on."""
        return self.ledger.grant(known.app, known.person)

    def end(self, person_id: str, subcode: int, app_id: str | None = None) -> None:
        """End a person's tokens for a reason, for one app or for all; the first reason stays."""
        for token in self.ledger.tokens.values():
            if token.person == person_id and token.ended is None and app_id in (None, token.app):
                token.ended = subcode

    def names_of(self, token: str | None) -> frozenset[str]:
        """Return by which names a fault may mean whose token this is."""
        known = self.find(token or "")
        if known is None:
            return frozenset()
        person = self.directory.people.get(known.person)
        names = (known.person, known.page, person.email if person else None)
        return frozenset(name for name in names if name)

    def prune(self) -> None:
        """Forget what ended long ago and makes no difference any more."""
        long_ago = self.clock.now() - REMEMBERED_SECONDS
        tokens, codes = self.ledger.tokens, self.ledger.codes
        for key in [key for key, t in tokens.items() if t.expires_at and t.expires_at < long_ago]:
            del tokens[key]
        for key in [key for key, code in codes.items() if code.issued_at < long_ago]:
            del codes[key]

    def _identity(self, token: str) -> Identity:
        known = self.find(token)
        if known is None:
            raise graph_error("190")
        error = self.why_dead(known)
        if error:
            raise error
        grant = self.grant_of(known)
        return Identity(
            known.kind,
            known.app,
            known.person,
            known.page,
            frozenset(grant.granted),
            frozenset(grant.pages),
        )

    def _app(self, token: str) -> Identity:
        app = self.ledger.apps.get(token.partition("|")[0])
        if app is None or app.deleted:
            raise graph_error("190", "Error validating application. Invalid application ID.")
        good = (f"{app.id}|{app.secret}", self.issue_app(app))
        if not any(secrets.compare_digest(token.encode(), each.encode()) for each in good):
            raise graph_error("190", "Invalid OAuth access token signature.")
        return Identity(Kind.APP, app.id)

    def _has_role(self, known: Token) -> bool:
        page = self.directory.pages.get(known.page or "")
        return page is not None and bool(page.tasks.get(known.person))

    def _check_proof(self, app: App, token: str, proof: str | None) -> None:
        if proof is None:
            if self.switches.require_appsecret_proof:
                raise _method_error("API calls from the server require an appsecret_proof argument")
            return
        expected = hmac.new(app.secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        if not secrets.compare_digest(proof.encode(), expected.encode()):
            raise _method_error("Invalid appsecret_proof provided in the API argument")


def _method_error(message: str) -> GraphError:
    return GraphError(400, 100, None, message, type="GraphMethodException")
