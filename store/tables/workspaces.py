"""Who uses an installation."""

from datetime import datetime

from sqlalchemy import JSON, BigInteger
from sqlmodel import Field, SQLModel

from domain import ids
from store.tables.columns import moment_field, now


class Workspace(SQLModel, table=True):
    id: str = Field(default_factory=ids.new_workspace_id, primary_key=True)
    name: str = Field(unique=True)
    redirect_prefixes: list[str] = Field(default_factory=list, sa_type=JSON)
    """Where an OAuth result may be sent: scheme, host, port and leading path."""
    storage_quota: int | None = Field(default=None, sa_type=BigInteger)
    """Bytes of uploads that it may keep. None: the setting's default."""
    last_video_number: int = 0
    last_upload_number: int = 0
    last_event_number: int = 0
    created_at: datetime = moment_field(default_factory=now)


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
    created_at: datetime = moment_field(default_factory=now)
    revoked_at: datetime | None = moment_field(default=None)


class Organization(SQLModel, table=True):
    id: str = Field(default_factory=ids.new_organization_id, primary_key=True)
    workspace_id: str = Field(foreign_key="workspace.id", index=True)
    name: str
    external_id: str | None = None
    created_at: datetime = moment_field(default_factory=now)
