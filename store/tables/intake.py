"""What customers send to the resumable intake."""

from datetime import datetime

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from domain import ids
from store.tables.columns import moment_field, now


class Upload(SQLModel, table=True):
    """One upload. Its bytes are a file of their own, named by its id alone."""

    id: str = Field(default_factory=ids.new_upload_id, primary_key=True)
    workspace_id: str = Field(foreign_key="workspace.id", index=True)
    file_name: str
    """As the customer called it. No path is made of it."""
    size: int = Field(sa_type=BigInteger)
    """Bytes that were announced; they count in the workspace's quota."""
    received: int = Field(default=0, sa_type=BigInteger)
    """Bytes from the beginning of the file that are on the disk. The file may be longer: what
    was not acknowledged is cut off before the next byte is written."""
    created_at: datetime = moment_field(default_factory=now)
    finished_at: datetime | None = moment_field(default=None)
    expires_at: datetime | None = moment_field(default=None, index=True)
    """None: a video was registered from it, so it stays."""

    @property
    def is_complete(self) -> bool:
        return self.received == self.size
