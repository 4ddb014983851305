"""The tables.

Rows are projections and inputs: a workflow decides, the row tells. Columns named
`sealed_…` hold vault ciphertext bound to their own table, column and row; no column
holds a token, code, verifier, session URI or key in clear.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Index,
    LargeBinary,
    TypeDecorator,
    UniqueConstraint,
)
from sqlmodel import Field, SQLModel

from domain import ids
from domain.states import AssignmentState, ConnectionHealth, StepState, TicketState, TokenLife


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime on every database. SQLite alone would hand back a naive one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime has no place in the database")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


def now() -> datetime:
    return datetime.now(UTC)


def _moment(**options: Any) -> Any:
    return Field(sa_type=Moment, **options)


class Workspace(SQLModel, table=True):
    id: str = Field(default_factory=ids.new_workspace_id, primary_key=True)
    name: str = Field(unique=True)
    redirect_prefixes: list[str] = Field(default_factory=list, sa_type=JSON)
    """Where an OAuth result may be sent: scheme, host, port and leading path."""
    last_video_number: int = 0
    last_upload_number: int = 0
    created_at: datetime = _moment(default_factory=now)


class ApiKey(SQLModel, table=True):
    __tablename__ = "api_key"

    id: str = Field(default_factory=ids.new_key_id, primary_key=True)
    workspace_id: str | None = Field(default=None, foreign_key="workspace.id", index=True)
    """None: an operator's key, which opens the codec endpoint and no workspace."""
    digest: str = Field(unique=True)
    """Hex SHA-256 of the key: 256 random bits need no slow hash."""
    hint: str
    """The last four characters, to tell keys apart in a list."""
    label: str = ""
    created_at: datetime = _moment(default_factory=now)
    revoked_at: datetime | None = _moment(default=None)


class Organization(SQLModel, table=True):
    id: str = Field(default_factory=ids.new_organization_id, primary_key=True)
    workspace_id: str = Field(foreign_key="workspace.id", index=True)
    name: str
    external_id: str | None = None
    created_at: datetime = _moment(default_factory=now)


class Ticket(SQLModel, table=True):
    __table_args__ = (Index("ix_ticket_reconcile", "state", "expires_at"),)

    id: str = Field(default_factory=ids.new_ticket_id, primary_key=True)
    workspace_id: str = Field(foreign_key="workspace.id", index=True)
    platform: str
    redirect_url: str | None = None
    """None: the browser ends on Castline's own page."""
    callback_url: str
    """The redirect URI given to the platform; the exchange must repeat it."""
    connection_id: str | None = Field(default=None, foreign_key="connection.id")
    """Set: re-authorize this connection and no other account."""
    organization_id: str | None = Field(default=None, foreign_key="organization.id")
    state: str = Field(default=TicketState.OPEN)
    error_code: str | None = None
    error: str | None = None
    connection_ids: list[str] = Field(default_factory=list, sa_type=JSON)
    left_out: list[dict[str, str]] = Field(default_factory=list, sa_type=JSON)
    """The consent's accounts that were not connected: account_id, name, code, sentence."""
    state_digest: str | None = Field(default=None, unique=True)
    """Hex SHA-256 of the OAuth state of the latest consent page."""
    browser_digest: str | None = None
    """Hex SHA-256 of the cookie of the browser that opened it."""
    sealed_verifier: bytes | None = Field(default=None, sa_type=LargeBinary)
    callback_digest: str | None = None
    """Names the one callback that may redeem the ticket."""
    sealed_code: bytes | None = Field(default=None, sa_type=LargeBinary)
    sealed_grant: bytes | None = Field(default=None, sa_type=LargeBinary)
    """The exchanged credential, kept until the connections are written: a code works once."""
    created_at: datetime = _moment(default_factory=now)
    expires_at: datetime = _moment()


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
    grant_id: str | None = Field(default=None, index=True)
    """Names the consent behind it where several connections may share one, and end with it."""
    token_life: str = Field(default=TokenLife.RENEWED)
    data_access_ends_at: datetime | None = _moment(default=None)
    is_active: bool = True
    health: str = Field(default=ConnectionHealth.HEALTHY)
    health_reason: str | None = None
    created_at: datetime = _moment(default_factory=now)
    connected_at: datetime = _moment(default_factory=now)
    """The latest consent."""


class CredentialRow(SQLModel, table=True):
    __tablename__ = "credential"

    connection_id: str = Field(foreign_key="connection.id", primary_key=True)
    sealed: bytes = Field(sa_type=LargeBinary)
    version: int = 1
    """Compare-and-swap: a refresh lands only on the version it started from."""
    expires_at: datetime | None = _moment(default=None)
    grant_expires_at: datetime | None = _moment(default=None)
    refreshed_at: datetime = _moment(default_factory=now)


class Video(SQLModel, table=True):
    __table_args__ = (UniqueConstraint("workspace_id", "number"),)

    id: str = Field(default_factory=ids.new_video_id, primary_key=True)
    workspace_id: str = Field(foreign_key="workspace.id", index=True)
    number: int
    """The integer id of the `/api/youtube` surface, counted per workspace."""
    title: str | None = None
    description: str | None = None
    source_url: str
    """May carry a signature (a presigned URL): shown only to its workspace, never logged."""
    size: int = Field(sa_type=BigInteger)
    pin_version: str
    file_name: str
    content_type: str
    container: str
    duration_ms: int | None = None
    width: int | None = None
    height: int | None = None
    sha256: str | None = None
    ranges: bool = True
    created_at: datetime = _moment(default_factory=now)


class Assignment(SQLModel, table=True):
    __table_args__ = (
        UniqueConstraint("workspace_id", "number"),
        Index("ix_assignment_reconcile", "is_started", "created_at"),
    )

    id: str = Field(default_factory=ids.new_assignment_id, primary_key=True)
    workspace_id: str = Field(foreign_key="workspace.id", index=True)
    number: int
    """The `upload_id` of the `/api/youtube` surface, counted per workspace."""
    group_id: str = Field(default_factory=ids.new_group_id, index=True)
    connection_id: str = Field(foreign_key="connection.id", index=True)
    video_id: str = Field(foreign_key="video.id", index=True)
    platform: str
    type: str = "video"
    payload: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    scheduled_at: datetime | None = _moment(default=None)
    external_id: str | None = Field(default=None, index=True)
    origin: str = "v1"
    """The surface it came from: `v1` or `youtube`."""
    attempt: int = 1
    """Counts the runs: a retry by a person begins the next one."""
    is_started: bool = False
    """True once the attempt's workflow was seen at work; until then Reconcile looks after it."""
    state: str = Field(default=AssignmentState.PENDING)
    wait_reason: str | None = None
    wait_until: datetime | None = _moment(default=None)
    platform_id: str | None = None
    platform_url: str | None = None
    known_by: str | None = None
    """How it is known that the platform has the whole video."""
    error_code: str | None = None
    error: str | None = None
    remedy: str | None = None
    warnings: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    bytes_total: int = Field(sa_type=BigInteger)
    bytes_sent: int = Field(default=0, sa_type=BigInteger)
    """For display: to go on, the platform is asked for its own offset."""
    processing_percent: int | None = None
    created_at: datetime = _moment(default_factory=now)
    updated_at: datetime = _moment(default_factory=now)
    published_at: datetime | None = _moment(default=None)


class Transfer(SQLModel, table=True):
    """One upload session of an assignment: written before the first byte is sent."""

    assignment_id: str = Field(foreign_key="assignment.id", primary_key=True)
    sealed_session: bytes | None = Field(default=None, sa_type=LargeBinary)
    """None: no session is open."""
    opened_at: datetime | None = _moment(default=None)
    finish_sent_at: datetime | None = _moment(default=None)
    """Set before each request that may complete the upload: from here on it may exist."""
    lost_at: datetime | None = _moment(default=None)
    """Since when the session is unknown to the platform while the video may exist."""
    is_dead: bool = False
    """The platform said that what was uploaded never becomes a video: a retry begins anew."""


class Step(SQLModel, table=True):
    assignment_id: str = Field(foreign_key="assignment.id", primary_key=True)
    name: str = Field(primary_key=True)
    state: str = Field(default=StepState.PENDING)
    error_code: str | None = None
    error: str | None = None
    updated_at: datetime = _moment(default_factory=now)


class IdempotencyClaim(SQLModel, table=True):
    """The first request with a key: claimed in the transaction that does its work."""

    __tablename__ = "idempotency_claim"

    workspace_id: str = Field(foreign_key="workspace.id", primary_key=True)
    key: str = Field(primary_key=True)
    fingerprint: str
    """Hex SHA-256 of the canonical body."""
    group_id: str
    created_at: datetime = _moment(default_factory=now)


METADATA = SQLModel.metadata
"""All of the tables. Taken from SQLModel itself it is empty until this module is loaded."""
