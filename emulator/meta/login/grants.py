"""The rules of Facebook Login, without HTTP.

A person decides about each permission, and on which Pages; what was declined is not asked
for again unless the app says so (facts: Facebook section 1.2). A code works once, for
minutes, with the address it was made for. Refusals are raised as `GraphError`.
"""

import base64
import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass

from emulator.clock import Clock
from emulator.meta.graph.errors import GraphError, graph_error
from emulator.meta.login.records import BASIC, App, Code, Ledger, Request, Status, digest, new_code
from emulator.meta.login.tokens import Tokens
from emulator.meta.people import Person
from emulator.meta.switches import Switches

APP_REMOVED = 458
PASSWORD_CHANGED = 460


@dataclass(slots=True)
class Grants:
    """The rules at work on a ledger."""

    clock: Clock
    switches: Switches
    ledger: Ledger
    tokens: Tokens

    def app(self, app_id: str | None) -> App:
        """Return an app, or refuse in the words for unknown and deleted ones."""
        if not app_id:
            raise graph_error("101", "Missing client_id parameter.")
        app = self.ledger.apps.get(app_id)
        if app is None:
            raise graph_error("101")
        if app.deleted:
            raise graph_error("101", "Error validating application. Application has been deleted.")
        return app

    def authenticate(self, app_id: str | None, secret: str | None) -> App:
        """Return an app that has proved itself.

        A wrong secret is answered with code 1, which elsewhere means: try again.
        """
        app = self.app(app_id)
        if not secret:
            raise GraphError(400, 1, None, "Missing client_secret parameter.")
        if not secrets.compare_digest(secret.encode(), app.secret.encode()):
            raise GraphError(400, 1, None, "Error validating client secret.")
        return app

    def asked(self, request: Request, person: Person) -> list[str]:
        """Return the permissions that a dialog shows to a person."""
        decided = self.ledger.grant(request.app, person.id).permissions
        return [
            name
            for name in request.permissions
            if request.rerequest or decided.get(name) is not Status.DECLINED
        ]

    def allow(
        self, request: Request, person: Person, ticked: Collection[str], pages: list[str] | None
    ) -> str:
        """Record a decision and return a code.

        The Pages replace those ticked before, because the dialog shows all of them; None
        leaves them as they are.
        """
        grant = self.ledger.ensure_grant(request.app, person.id)
        for name in request.permissions if request.whole else self.asked(request, person):
            granted = request.whole or name == BASIC or name in ticked
            grant.permissions[name] = Status.GRANTED if granted else Status.DECLINED
        if pages is not None:
            grant.pages = pages
        now = grant.confirmed_at = self.clock.now()
        code = new_code()
        self.ledger.codes[digest(code)] = Code(
            request.app,
            request.redirect_uri,
            person.id,
            request.challenge,
            request.challenge_method,
            now,
        )
        return code

    def exchange(
        self, app: App, code: str, redirect_uri: str | None, verifier: str | None
    ) -> tuple[str, int]:
        """Turn a code into a short token and its lifetime, once."""
        if not redirect_uri:
            raise graph_error("191", "Missing redirect_uri parameter.")
        known = self.ledger.codes.get(digest(code))
        if known is None or known.app != app.id:
            raise graph_error("100", "Invalid verification code format.")
        if known.used:
            raise graph_error("100/36009")
        if self.clock.now() >= known.issued_at + self.switches.login_code_seconds:
            raise graph_error("100/36007")
        if redirect_uri != known.redirect_uri:
            raise graph_error("100/36008")
        _check_verifier(known, verifier)
        known.used = True
        return self.tokens.issue(app.id, known.person)

    def extend(self, app: App, token: str) -> tuple[str, int]:
        """Turn a live user's token into one of 60 days; a dead one cannot be extended."""
        identity = self.tokens.identify(token)
        if identity.app_id != app.id or identity.person_id is None or identity.page_id:
            raise graph_error("100", "(#100) The access token cannot be extended.")
        return self.tokens.issue(app.id, identity.person_id, lasting=True)

    def withdraw(self, app_id: str, person_id: str, permission: str) -> None:
        """Take one permission away; it then counts as declined."""
        decided = self.ledger.grant(app_id, person_id).permissions
        if permission in decided:
            decided[permission] = Status.DECLINED

    def remove_app(self, app_id: str, person_id: str) -> None:
        """Forget everything a person granted to an app; its tokens are dead."""
        self.ledger.grants.pop(f"{app_id} {person_id}", None)
        for code in self.ledger.codes.values():
            code.used = code.used or (code.app, code.person) == (app_id, person_id)
        self.tokens.end(person_id, APP_REMOVED, app_id)

    def change_password(self, person_id: str) -> None:
        """End all sessions of a person; what they granted stays granted."""
        self.tokens.end(person_id, PASSWORD_CHANGED)


def _check_verifier(code: Code, verifier: str | None) -> None:
    if code.challenge is None:
        return
    proof = verifier or ""
    if code.challenge_method == "S256":
        hashed = hashlib.sha256(proof.encode()).digest()
        proof = base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()
    if not secrets.compare_digest(proof.encode(), code.challenge.encode()):
        raise graph_error("100", "Invalid code_verifier parameter.")
