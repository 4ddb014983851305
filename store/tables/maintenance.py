"""What the maintenance of an installation records."""

from datetime import datetime

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from store.tables.columns import moment_field, now


class Sweep(SQLModel, table=True):
    """A sweep that one process of the installation runs at a time, and what the latest one did."""

    name: str = Field(primary_key=True)
    holder: str | None = None
    """The process that runs it. None: no process does."""
    lease_until: datetime | None = moment_field(default=None)
    """The holder renews it; one that was killed loses the sweep at this moment."""
    started_at: datetime | None = moment_field(default=None)
    finished_at: datetime | None = moment_field(default=None)
    """When the latest one that ended did, with or without an error."""
    counts: dict[str, int] = Field(default_factory=dict, sa_type=JSON)
    """What the latest one did."""
    error: str | None = None
    """The code of what kept the latest one from doing everything. None: nothing did."""


class Orphan(SQLModel, table=True):
    """A workflow that ran without an unsettled row and was terminated."""

    workflow_id: str = Field(primary_key=True)
    run_id: str = Field(primary_key=True)
    type: str
    workspace_id: str | None = None
    connection_id: str | None = None
    platform: str | None = None
    title: str | None = None
    """Of the video, where it was an assignment."""
    platform_id: str | None = None
    """The video that it had published, where that is known."""
    started_at: datetime = moment_field()
    found_at: datetime = moment_field(default_factory=now)
