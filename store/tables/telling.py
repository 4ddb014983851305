"""What happened, and whom it is told to."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from domain import ids
from domain.states import DeliveryState
from store.sealed import HasSealed, SealedText
from store.tables.columns import moment_field, now


class Event(SQLModel, table=True):
    """One thing that happened. Written once, in the transaction that made it happen."""

    __table_args__ = (
        UniqueConstraint("workspace_id", "number"),
        UniqueConstraint("workspace_id", "key"),
        Index("ix_event_subject", "subject_id", "number"),
    )

    id: str = Field(default_factory=ids.new_event_id, primary_key=True)
    workspace_id: str = Field(foreign_key="workspace.id")
    number: int
    """Counted per workspace without a gap, in the order in which transactions committed."""
    type: str
    subject_id: str
    """The connection, assignment or endpoint that it happened to."""
    data: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """How the subject stood, in the words of the API: told to everybody as it is."""
    key: str | None = None
    """Names what may happen once only, so that a retry does not tell it again."""
    happened_at: datetime = moment_field(default_factory=now)


class Endpoint(HasSealed, SQLModel, table=True):
    """Where a workspace wants to be told."""

    id: str = Field(default_factory=ids.new_endpoint_id, primary_key=True)
    workspace_id: str = Field(foreign_key="workspace.id", index=True)
    sealed_url: bytes | None = Field(default=None, sa_type=LargeBinary)
    url: ClassVar[SealedText] = SealedText()
    """None: the one endpoint that stands for the callback addresses of single assignments."""
    description: str | None = None
    event_types: list[str] = Field(default_factory=list, sa_type=JSON)
    """Empty: all of them."""
    sealed_secret: bytes = Field(sa_type=LargeBinary)
    sealed_old_secret: bytes | None = Field(default=None, sa_type=LargeBinary)
    """The one before: signs beside the new one until `old_secret_ends_at`."""
    old_secret_ends_at: datetime | None = moment_field(default=None)
    is_enabled: bool = True
    disabled_reason: str | None = None
    failing_since: datetime | None = moment_field(default=None)
    """The first failure after the latest success; None while it answers."""
    created_at: datetime = moment_field(default_factory=now)


class Delivery(HasSealed, SQLModel, table=True):
    """One event on its way to one endpoint."""

    __table_args__ = (
        UniqueConstraint("endpoint_id", "event_id"),
        Index("ix_delivery_line", "endpoint_id", "subject_id", "state", "number"),
        Index("ix_delivery_due", "state", "due_at"),
    )

    id: str = Field(default_factory=ids.new_delivery_id, primary_key=True)
    workspace_id: str = Field(foreign_key="workspace.id", index=True)
    endpoint_id: str = Field(foreign_key="endpoint.id")
    event_id: str = Field(foreign_key="event.id")
    subject_id: str
    """Deliveries about one subject stand in line: an endpoint hears of it in order."""
    number: int
    """The event's."""
    sealed_url: bytes | None = Field(default=None, sa_type=LargeBinary)
    url: ClassVar[SealedText] = SealedText()
    """A callback's own address. None: the endpoint's, as it is when it is sent."""
    state: str = Field(default=DeliveryState.PENDING)
    attempts: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    """The latest ones, oldest first."""
    attempt_count: int = 0
    due_at: datetime = moment_field(default_factory=now)
    """When the next attempt is planned; what is long overdue has lost its workflow."""
    gives_up_at: datetime = moment_field()
    created_at: datetime = moment_field(default_factory=now)
    settled_at: datetime | None = moment_field(default=None)
