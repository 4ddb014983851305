"""The authorization server's rules, without HTTP.

A code works once and not for long; a refresh token comes with the first offline consent
or a forced one, is never rotated, and dies of age, disuse, numbers or revocation (facts:
YouTube sections 1.2 to 1.4). What is refused is raised as `OAuthError` in Google's words.
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field

from emulator.clock import Clock
from emulator.google.oauth.records import (
    AccessToken,
    Client,
    Code,
    Grant,
    Person,
    RefreshToken,
    Request,
    digest,
    new_access_token,
    new_code,
    new_refresh_token,
)
from emulator.google.switches import Switches

DAY = 86400
TESTING_LIFETIME = 7 * DAY
UNUSED_LIFETIME = 183 * DAY
MOST_REFRESH_TOKENS = 100


class OAuthError(Exception):
    """A refusal, in the words of the token endpoint."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.error = error
        self.description = description


def invalid_grant(description: str = "Bad Request") -> OAuthError:
    """The code or the refresh token is of no use."""
    return OAuthError(400, "invalid_grant", description)


@dataclass(slots=True)
class Issued:
    """What a client gets: tokens, and what it needs to know about them."""

    access_token: str
    person: Person
    scopes: list[str]
    refresh_token: str | None = None
    refresh_seconds_left: int | None = None
    nonce: str | None = None


@dataclass(slots=True)
class Ledger:
    """Everything granted; secrets are keys, by their hash."""

    clients: dict[str, Client] = field(default_factory=dict)
    grants: dict[str, Grant] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    refresh_tokens: dict[str, RefreshToken] = field(default_factory=dict)
    access_tokens: dict[str, AccessToken] = field(default_factory=dict)


@dataclass(slots=True)
class Grants:
    """The rules at work on a ledger."""

    clock: Clock
    switches: Switches
    ledger: Ledger

    def client(self, client_id: str | None) -> Client:
        """Return a client, or refuse in the words for unknown and deleted ones."""
        client = self.ledger.clients.get(client_id or "")
        if client is None:
            raise OAuthError(401, "invalid_client", "The OAuth client was not found.")
        if client.deleted:
            raise OAuthError(401, "deleted_client", "The OAuth client was deleted.")
        return client

    def authenticate(self, client_id: str | None, secret: str | None) -> Client:
        """Return a client that has proved itself."""
        client = self.client(client_id)
        if secret is None:
            raise OAuthError(400, "invalid_request", "client_secret is missing.")
        if not secrets.compare_digest(secret.encode(), client.secret.encode()):
            raise OAuthError(401, "invalid_client", "Unauthorized")
        return client

    def granted(self, client_id: str, person: Person) -> Grant | None:
        """Return what a person has granted so far, if anything."""
        return self.ledger.grants.get(_grant_key(client_id, person))

    def allow(self, request: Request, person: Person, scopes: list[str]) -> tuple[str, list[str]]:
        """Record a consent; return a code and the scopes it stands for."""
        grant = self.ledger.grants.setdefault(_grant_key(request.client, person), Grant())
        earlier = list(grant.scopes)
        grant.scopes = list(dict.fromkeys([*earlier, *scopes]))
        covered = grant.scopes if request.include_granted else scopes
        refreshable = request.offline and ("consent" in request.prompt or not grant.offline)
        grant.offline = grant.offline or request.offline
        code = new_code()
        self.ledger.codes[digest(code)] = Code(
            client=request.client,
            redirect_uri=request.redirect_uri,
            person=person,
            scopes=list(covered),
            refreshable=refreshable,
            challenge=request.challenge,
            challenge_method=request.challenge_method,
            nonce=request.nonce,
            issued_at=self.clock.now(),
        )
        return code, list(covered)

    def exchange(
        self, client: Client, code: str, redirect_uri: str | None, verifier: str | None
    ) -> Issued:
        """Turn a code into tokens, once."""
        known = self.ledger.codes.get(digest(code))
        if known is None:
            raise invalid_grant(
                "Malformed auth code." if not code.startswith("4/") else "Bad Request"
            )
        if known.used or known.client != client.id:
            raise invalid_grant()
        if self.clock.now() >= known.issued_at + self.switches.code_lifetime_seconds:
            raise invalid_grant()
        if redirect_uri != known.redirect_uri:
            raise OAuthError(400, "redirect_uri_mismatch", "Bad Request")
        _check_verifier(known, verifier)
        known.used = True
        issued = self._issue_access(client.id, known.person, known.scopes, known.refreshable)
        issued.nonce = known.nonce
        if known.refreshable:
            self._issue_refresh(issued, client.id)
        return issued

    def refresh(self, client: Client, token: str, scopes: list[str] | None) -> Issued:
        """Give a new access token; the refresh token stays what it is."""
        known = self.ledger.refresh_tokens.get(digest(token))
        if known is None or known.client != client.id or not self._alive(known):
            raise invalid_grant("Token has been expired or revoked.")
        ungranted = [scope for scope in scopes or [] if scope not in known.scopes]
        if ungranted and self.switches.refuse_ungranted_scope_on_refresh:
            raise OAuthError(400, "invalid_scope", "Bad Request")
        known.used_at = self.clock.now()
        wanted = [scope for scope in scopes or known.scopes if scope in known.scopes]
        issued = self._issue_access(client.id, known.person, wanted, offline=True)
        issued.refresh_seconds_left = self._seconds_left(known)
        return issued

    def bearer(self, token: str) -> AccessToken | None:
        """Return what a live access token stands for."""
        known = self.ledger.access_tokens.get(digest(token))
        return known if known and self.clock.now() < known.expires_at else None

    def revoke(self, token: str) -> None:
        """End the grant that either kind of token belongs to, with all its scopes."""
        refresh = self.ledger.refresh_tokens.get(digest(token))
        known = self.bearer(token) or (refresh if refresh and self._alive(refresh) else None)
        if known is None:
            raise OAuthError(400, "invalid_token", "Token expired or revoked")
        self.end(known.person)

    def end(self, person: Person) -> None:
        """Forget everything a person has granted, to every client of the project."""
        ledger = self.ledger
        for key in [key for key in ledger.grants if key.endswith(f" {person.key}")]:
            del ledger.grants[key]
        _drop(ledger.refresh_tokens, person)
        _drop(ledger.access_tokens, person)
        for code in ledger.codes.values():
            code.used = code.used or code.person == person

    def names_of_refresh_token(self, token: str) -> frozenset[str]:
        """Return by which names a fault may mean the person of a refresh token."""
        known = self.ledger.refresh_tokens.get(digest(token))
        return known.person.names if known else frozenset()

    def end_of_refresh_token(self, token: str) -> None:
        """End the grant of a refresh token, if it is one, as if its person had."""
        known = self.ledger.refresh_tokens.get(digest(token))
        if known:
            self.end(known.person)

    def prune(self) -> None:
        """Forget what has expired and can make no difference any more."""
        now = self.clock.now()
        access, codes = self.ledger.access_tokens, self.ledger.codes
        for key in [key for key, token in access.items() if token.expires_at <= now]:
            del access[key]
        for key in [key for key, code in codes.items() if code.issued_at + DAY <= now]:
            del codes[key]

    def _alive(self, token: RefreshToken) -> bool:
        now = self.clock.now()
        return now < token.used_at + UNUSED_LIFETIME and (
            token.expires_at is None or now < token.expires_at
        )

    def _seconds_left(self, token: RefreshToken) -> int | None:
        if token.expires_at is None:
            return None
        return max(0, int(token.expires_at - self.clock.now()))

    def _issue_access(
        self, client_id: str, person: Person, scopes: list[str], offline: bool
    ) -> Issued:
        token = new_access_token()
        expires_at = self.clock.now() + self.switches.access_token_seconds
        self.ledger.access_tokens[digest(token)] = AccessToken(
            client_id, person, list(scopes), expires_at, offline
        )
        return Issued(token, person, list(scopes))

    def _issue_refresh(self, issued: Issued, client_id: str) -> None:
        now = self.clock.now()
        token = RefreshToken(
            client=client_id,
            person=issued.person,
            scopes=list(issued.scopes),
            issued_at=now,
            used_at=now,
            expires_at=now + TESTING_LIFETIME if self.switches.testing_mode else None,
        )
        issued.refresh_token = new_refresh_token()
        issued.refresh_seconds_left = self._seconds_left(token)
        tokens = self.ledger.refresh_tokens
        tokens[digest(issued.refresh_token)] = token
        # The limit is per account and client; the oldest goes without a word.
        same = [
            key
            for key, other in tokens.items()
            if other.client == client_id and other.person.email == issued.person.email
        ]
        for key in same[:-MOST_REFRESH_TOKENS]:
            del tokens[key]


def _drop(tokens: dict[str, RefreshToken] | dict[str, AccessToken], person: Person) -> None:
    for key in [key for key, token in tokens.items() if token.person.key == person.key]:
        del tokens[key]


def _grant_key(client_id: str, person: Person) -> str:
    return f"{client_id} {person.key}"


def _check_verifier(code: Code, verifier: str | None) -> None:
    if code.challenge is None:
        return
    if not verifier:
        raise invalid_grant("Missing code verifier.")
    proof = verifier
    if code.challenge_method == "S256":
        hashed = hashlib.sha256(verifier.encode()).digest()
        proof = base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()
    if not secrets.compare_digest(proof.encode(), code.challenge.encode()):
        raise invalid_grant("Invalid code verifier.")
