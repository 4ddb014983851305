"""What Facebook Login remembers.

Codes and tokens are remembered by their hash, as bearer secrets should be. Permissions
belong to the grant of a person to an app, not to a token: taking one away changes every
token at once (facts: Facebook section 1.9).
"""

import hashlib
import secrets
from dataclasses import dataclass, field
from enum import StrEnum

BASIC = "public_profile"
PERMISSIONS: dict[str, str] = {
    BASIC: "Your name and profile picture",
    "email": "Your email address",
    "pages_show_list": "Show a list of the Pages you manage",
    "pages_read_engagement": "Read content posted on the Page",
    "pages_read_user_content": "Read user content on your Page",
    "pages_manage_posts": "Create and manage content on your Page",
    "pages_manage_engagement": "Create and manage comments on your Page",
    "pages_manage_metadata": "Manage accounts, settings and webhooks for a Page",
    "pages_manage_ads": "Manage ads for Pages that you manage",
    "publish_video": "Publish live videos",
    "read_insights": "Access your Page and app insights",
    "business_management": "Manage your business",
}


class Kind(StrEnum):
    """Whom a token speaks for."""

    USER = "USER"
    PAGE = "PAGE"
    APP = "APP"


class Status(StrEnum):
    """What a person decided about a permission."""

    GRANTED = "granted"
    DECLINED = "declined"


def digest(secret: str) -> str:
    """Return what is kept of a code or a token."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_code() -> str:
    """Return an authorization code in Meta's shape."""
    return "AQ" + secrets.token_urlsafe(120)


def new_token() -> str:
    """Return a user's token in Meta's shape."""
    return "EAAB" + secrets.token_hex(80)


@dataclass(slots=True)
class App:
    """An app. Loopback redirect URIs need no registration here."""

    id: str
    secret: str
    redirect_uris: list[str] = field(default_factory=list)
    deleted: bool = False
    name: str = "Castline"


@dataclass(slots=True)
class Request:
    """A dialog that waits for a person's decision.

    `whole` is Login for Business: everything that is asked for is granted, or nothing.
    """

    id: str
    app: str
    redirect_uri: str
    state: str | None
    permissions: list[str]
    rerequest: bool
    whole: bool
    return_scopes: bool
    challenge: str | None
    challenge_method: str


@dataclass(slots=True)
class Grant:
    """What a person decided about an app, over all dialogs, and which Pages they ticked."""

    permissions: dict[str, Status] = field(default_factory=dict)
    pages: list[str] = field(default_factory=list)
    confirmed_at: float = 0.0

    @property
    def granted(self) -> list[str]:
        """The permissions the app has."""
        return [name for name, status in self.permissions.items() if status is Status.GRANTED]


@dataclass(slots=True)
class Code:
    """A single-use code; it stays after its use, to know it again."""

    app: str
    redirect_uri: str
    person: str
    challenge: str | None
    challenge_method: str
    issued_at: float
    used: bool = False


@dataclass(slots=True)
class Token:
    """A user's or a Page's token. No `expires_at` is a token that does not age.

    `ended` is the subcode of what ended it, if something did.
    """

    kind: Kind
    app: str
    person: str
    issued_at: float
    expires_at: float | None
    page: str | None = None
    lasting: bool = False
    ended: int | None = None


@dataclass(slots=True)
class Ledger:
    """Everything granted. Codes and tokens by hash, grants by app and person."""

    apps: dict[str, App] = field(default_factory=dict)
    grants: dict[str, Grant] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)

    def grant(self, app_id: str, person_id: str) -> Grant:
        """Return what a person decided about an app: nothing, if nothing yet."""
        return self.grants.get(f"{app_id} {person_id}") or Grant()

    def ensure_grant(self, app_id: str, person_id: str) -> Grant:
        """Return the same, to be written down in."""
        return self.grants.setdefault(f"{app_id} {person_id}", Grant())
