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
    media_roots: list[str] = Field(default_factory=list, sa_type=JSON)
    """Absolute folders from which its `file:` sources may be published."""
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


class CodecSession(SQLModel, table=True):
    """A browser that an operator's key signed in at the codec endpoint."""

    __tablename__ = "codec_session"

    digest: str = Field(primary_key=True)
    """Hex SHA-256 of the cookie: 256 random bits."""
    key_id: str = Field(foreign_key="api_key.id")
    """The session ends when this key is revoked."""
    created_at: datetime = moment_field(default_factory=now)
    ends_at: datetime = moment_field()


class ReplacedKey(SQLModel, table=True):
    """A key of the key set that seals nothing any more, and since when that is certain."""

    __tablename__ = "replaced_key"

    key_id: str = Field(primary_key=True)
    replaced_at: datetime = moment_field(default_factory=now)


class Process(SQLModel, table=True):
    """A running API or worker, and the keys that it has in memory."""

    id: str = Field(primary_key=True)
    role: str
    host: str
    pid: int
    key_ids: list[str] = Field(default_factory=list, sa_type=JSON)
    primary_key_id: str
    started_at: datetime = moment_field(default_factory=now)
    seen_at: datetime = moment_field(default_factory=now)


class Installation(SQLModel, table=True):
    """Which installation this database belongs to, and whether it was put back to a backup.

    There is one row.
    """

    id: int = Field(default=1, primary_key=True, sa_column_kwargs={"autoincrement": False})
    installation_id: str = Field(default_factory=ids.new_installation_id)
    epoch: int = 1
    """Counts the restores: each begins the next epoch."""
    generation: int = 0
    """Counts the sweeps. A file beside the key set holds the same number: where it is ahead, the
    database is older than the work that was done with it."""
    noted_at: datetime | None = moment_field(default=None)
    """When the generation was raised last: the database is not older than that."""
    restored_at: datetime | None = moment_field(default=None)
    """When the latest restore was made, or noticed. None: there was none."""
    gap_from: datetime | None = moment_field(default=None)
    """Since when work may be missing in this database, by the latest restore."""
    earliest_gap_from: datetime | None = moment_field(default=None)
    """The same, by all restores."""
    histories_read_at: datetime | None = moment_field(default=None)
    """When everything that Temporal still knew of the gap was taken over. None: not yet."""


class Organization(SQLModel, table=True):
    id: str = Field(default_factory=ids.new_organization_id, primary_key=True)
    workspace_id: str = Field(foreign_key="workspace.id", index=True)
    name: str
    external_id: str | None = None
    created_at: datetime = moment_field(default_factory=now)
