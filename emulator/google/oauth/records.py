"""What the authorization server remembers.

Codes and tokens are remembered by their hash, as bearer secrets should be.
"""

import hashlib
import secrets
from dataclasses import dataclass, field

SIGN_IN_SCOPES = frozenset(
    {
        "openid",
        "https://www.googleapis.com/auth/userinfo.email",
        "https://www.googleapis.com/auth/userinfo.profile",
    }
)
_SHORT_SCOPES = {
    "email": "https://www.googleapis.com/auth/userinfo.email",
    "profile": "https://www.googleapis.com/auth/userinfo.profile",
}
SCOPES: dict[str, str] = {
    "openid": "Associate you with your personal info on Google",
    "https://www.googleapis.com/auth/userinfo.email": "See your primary "
    " Google Account email address",
    "https://www.googleapis.com/auth/userinfo.profile": "See your personal info",
    "https://www.googleapis.com/auth/youtube": "Manage your YouTube account",
    "https://www.googleapis.com/auth/youtube.upload": "Manage your YouTube videos",
    "https://www.googleapis.com/auth/youtube.readonly": "View your YouTube account",
    "https://www.googleapis.com/auth/youtube.force-ssl": "See, edit, and permanently delete your "
    "YouTube videos, ratings, comments and captions",
    "https://www.googleapis.com/auth/youtubepartner": "View and manage your assets and associated "
    "content on YouTube",
    "https://www.googleapis.com/auth/youtubepartner-channel-audit": "View private information of "
    "your YouTube channel relevant during the audit process with a YouTube partner",
    "https://www.googleapis.com/auth/yt-analytics.readonly": "View YouTube Analytics reports for "
    "your YouTube content",
}


def full_scope(scope: str) -> str:
    """Return a scope in the form in which Google returns it."""
    return _SHORT_SCOPES.get(scope, scope)


def is_granular(scopes: list[str]) -> bool:
    """Tell whether the consent page shows tick boxes for these scopes.

    It does for two scopes beside signing in, or one with signing in; a single scope is
    granted or denied as a whole (facts: YouTube section 1.5).
    """
    others = [scope for scope in scopes if scope not in SIGN_IN_SCOPES]
    return len(others) >= 2 or (len(others) == 1 and len(scopes) > 1)


def digest(secret: str) -> str:
    """Return what is kept of a code or a token."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_code() -> str:
    """Return an authorization code in Google's shape."""
    return "4/0A" + secrets.token_urlsafe(50)


def new_access_token() -> str:
    """Return an access token in Google's shape."""
    return "ya29." + secrets.token_urlsafe(120)


def new_refresh_token() -> str:
    """Return a refresh token in Google's shape."""
    return "1//06" + secrets.token_urlsafe(64)


@dataclass(slots=True)
class Client:
    """An OAuth client. Loopback redirect URIs need no registration here."""

    id: str
    secret: str
    redirect_uris: list[str] = field(default_factory=list)
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a token stands for: an account, and the channel picked with it."""

    email: str
    channel: str | None = None

    @property
    def key(self) -> str:
        """The identity a grant belongs to: a brand channel is one of its own."""
        return self.channel or self.email

    @property
    def names(self) -> frozenset[str]:
        """Everything by which a fault may mean this person."""
        return frozenset({self.key, self.email})


@dataclass(slots=True)
class Request:
    """An authorization request that waits for a person's decision."""

    id: str
    client: str
    redirect_uri: str
    scopes: list[str]
    state: str | None
    offline: bool
    prompt: list[str]
    include_granted: bool
    challenge: str | None
    challenge_method: str
    nonce: str | None
    login_hint: str | None
    hosted_domain: str | None = None
    response_mode: str = "query"
    identity: str | None = None
    """Set: no chooser is shown, and this email or brand channel answers."""


@dataclass(slots=True)
class Grant:
    """What a person has granted to a client, over all consents."""

    scopes: list[str] = field(default_factory=list)
    offline: bool = False

    def covers(self, scopes: list[str], offline: bool) -> bool:
        """Tell whether nothing is left to ask for."""
        return set(scopes) <= set(self.scopes) and (self.offline or not offline)


@dataclass(slots=True)
class Code:
    """A single-use authorization code; it stays after its use, to know it again."""

    client: str
    redirect_uri: str
    person: Person
    scopes: list[str]
    refreshable: bool
    challenge: str | None
    challenge_method: str
    nonce: str | None
    issued_at: float
    used: bool = False


@dataclass(slots=True)
class RefreshToken:
    """A refresh token; `expires_at` only for grants that are limited in time."""

    client: str
    person: Person
    scopes: list[str]
    issued_at: float
    used_at: float
    expires_at: float | None = None


@dataclass(slots=True)
class AccessToken:
    """An access token."""

    client: str
    person: Person
    scopes: list[str]
    expires_at: float
    offline: bool
