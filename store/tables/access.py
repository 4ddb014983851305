"""Consents, and what they give access to."""

from datetime import datetime

from sqlalchemy import JSON, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from domain import ids
from domain.states import ConnectionHealth, TicketState, TokenLife
from store.tables.columns import moment_field, now


class Ticket(SQLModel, table=True):
    __table_args__ = (
        Index("ix_ticket_reconcile", "state", "expires_at"),
        Index("ix_ticket_open", "workspace_id", "state"),
        Index("ix_ticket_connection_id", "connection_id"),
    )

    id: str = Field(default_factory=ids.new_ticket_id, primary_key=True)
    workspace_id: str = Field(foreign_key="workspace.id")
    platform: str
    redirect_url: str | None = None
    """None: the browser ends on Castline's own page."""
    callback_url: str
    """The redirect URI given to the platform; the exchange must repeat it."""
    connection_id: str | None = Field(default=None, foreign_key="connection.id")
    """Set: re-authorize this connection and no other account."""
    is_from_link: bool = False
    """Made by a visit to a re-authorization link, which has one open ticket at a time."""
    organization_id: str | None = Field(default=None, foreign_key="organization.id")
    requires_confirmation: bool = False
    """The connections become active only when the tenant's backend confirms the ticket."""
    confirm_by: datetime | None = moment_field(default=None)
    state: str = Field(default=TicketState.OPEN)
    error_code: str | None = None
    error: str | None = None
    error_detail: str | None = None
    """A code of `domain.explanations.ErrorDetail`."""
    platform_word: str | None = None
    """What the platform itself called it: only where that is plainly a code."""
    connection_ids: list[str] = Field(default_factory=list, sa_type=JSON)
    left_out: list[dict[str, str]] = Field(default_factory=list, sa_type=JSON)
    """The consent's accounts that were not connected: account_id, name, code, sentence."""
    callback_digest: str | None = None
    """Names the one callback that may redeem the ticket."""
    browser_digest: str | None = None
    """Hex SHA-256 of the cookie of the browser that brought it."""
    sealed_verifier: bytes | None = Field(default=None, sa_type=LargeBinary)
    """The PKCE verifier of its consent page."""
    sealed_code: bytes | None = Field(default=None, sa_type=LargeBinary)
    sealed_grant: bytes | None = Field(default=None, sa_type=LargeBinary)
    """The exchanged credential, kept until the connections are written: a code works once."""
    sealed_accounts: bytes | None = Field(default=None, sa_type=LargeBinary)
    """What the consent gave, kept until the ticket is confirmed or that has expired."""
    created_at: datetime = moment_field(default_factory=now)
    expires_at: datetime = moment_field()


class Connection(SQLModel, table=True):
    __table_args__ = (UniqueConstraint("workspace_id", "platform", "account_id"),)

    id: str = Field(default_factory=ids.new_connection_id, primary_key=True)
    workspace_id: str = Field(foreign_key="workspace.id", index=True)
    organization_id: str | None = Field(default=None, foreign_key="organization.id", index=True)
    platform: str
    account_id: str
    """The platform's own id of the channel or Page."""
    external_id: str | None = Field(default=None, index=True)
    """The customer's own label."""
    name: str
    handle: str | None = None
    thumbnail_url: str | None = None
    scopes: list[str] = Field(default_factory=list, sa_type=JSON)
    grant_id: str = Field(index=True)
    """Names the platform's grant: connections with the same one end together.

    The account itself where the platform names no grant. Google's grant is one of a channel
    (a Brand Account is an identity of its own) and our app; whose hand gave it is not known
    without the scope `openid`, which is not asked for.
    """
    token_life: str = Field(default=TokenLife.RENEWED)
    token_expires_at: datetime | None = moment_field(default=None)
    grant_expires_at: datetime | None = moment_field(default=None)
    """When the whole consent ends, where the platform says so."""
    data_access_ends_at: datetime | None = moment_field(default=None)
    is_active: bool = True
    health: str = Field(default=ConnectionHealth.HEALTHY)
    health_reason: str | None = None
    health_since: datetime = moment_field(default_factory=now)
    health_until: datetime | None = moment_field(default=None)
    """When one that is expiring will need a person."""
    is_reauth_started: bool = False
    """True from the workflow's first look at a trouble to its look at the end of it."""
    check_due_at: datetime | None = moment_field(default=None, index=True)
    """When Care looks at it next. None: never, until a person has authorized it again."""
    checked_at: datetime | None = moment_field(default=None)
    failed_checks: int = 0
    """Checks in a row that a blip ended."""
    created_at: datetime = moment_field(default_factory=now)
    connected_at: datetime = moment_field(default_factory=now)
    """The latest consent."""


class CredentialRow(SQLModel, table=True):
    __tablename__ = "credential"

    connection_id: str = Field(foreign_key="connection.id", primary_key=True)
    sealed: bytes = Field(sa_type=LargeBinary)
    version: int = 1
    """Compare-and-swap: a refresh lands only on the version it started from."""
    lease_ends_at: datetime | None = moment_field(default=None)
    """Until then one process alone may refresh it; the others wait for what comes of that."""
    refreshes: int = 0
    """Refreshes that have ended, whatever came of them."""
    refresh_error: str | None = None
    """The code with which the latest one failed."""
    refreshed_at: datetime = moment_field(default_factory=now)
