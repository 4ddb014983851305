"""Videos, and where each goes."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from domain import ids
from domain.states import AssignmentState, StepState
from store.sealed import HasSealed, SealedJson, SealedPayload, SealedText
from store.tables.columns import moment_field, now


class Video(HasSealed, SQLModel, table=True):
    __table_args__ = (UniqueConstraint("workspace_id", "number"),)

    id: str = Field(default_factory=ids.new_video_id, primary_key=True)
    workspace_id: str = Field(foreign_key="workspace.id", index=True)
    number: int
    """The integer id of the `/api/youtube` surface, counted per workspace."""
    title: str | None = None
    description: str | None = None
    sealed_source_url: bytes = Field(default=b"", sa_type=LargeBinary)
    source_url: ClassVar[SealedText] = SealedText()
    """May carry a signature (a presigned URL): shown only to its workspace, never logged."""
    upload_id: str | None = Field(default=None, index=True)
    """The upload that it was registered from. No foreign key: the video outlives its bytes."""
    size: int = Field(sa_type=BigInteger)
    pin_version: str
    file_name: str
    content_type: str
    container: str
    duration_ms: int | None = None
    width: int | None = None
    height: int | None = None
    sha256: str | None = None
    """Hex; of the first read of all bytes that was not interrupted."""
    ranges: bool = True
    is_truncated: bool = False
    created_at: datetime = moment_field(default_factory=now)


class BlockSums(SQLModel, table=True):
    """What transfers, or the registration, have read of a video's bytes."""

    __tablename__ = "block_sums"

    video_id: str = Field(foreign_key="video.id", primary_key=True)
    sums: bytes = Field(default=b"", sa_type=LargeBinary)
    """8 bytes for each block of 8 MiB from the first one on, as far as any read has come: 256 KiB
    for a video of 256 GiB."""
    hasher: str | None = None
    """The assignment whose transfer computes the SHA-256."""
    hashing_until: datetime | None = moment_field(default=None)
    """Until when it has to say again that it does."""


UNSETTLED = "state NOT IN ('published', 'failed', 'cancelled')"
"""In full, for the index and for the queries that use it: a partial index serves no comparison
with a parameter."""


class Assignment(HasSealed, SQLModel, table=True):
    __table_args__ = (
        UniqueConstraint("workspace_id", "number"),
        Index(
            "ix_assignment_unsettled",
            "id",
            sqlite_where=text(UNSETTLED),
            postgresql_where=text(UNSETTLED),
        ),
        Index("ix_assignment_waiting", "state", "wait_reason", "connection_id"),
        Index(
            "ix_assignment_uploading",
            "workspace_id",
            "is_slow",
            sqlite_where=text("state = 'uploading'"),
            postgresql_where=text("state = 'uploading'"),
        ),
        Index(
            "ix_assignment_queued",
            "workspace_id",
            "is_slow",
            "queued_at",
            sqlite_where=text("queued_at IS NOT NULL"),
            postgresql_where=text("queued_at IS NOT NULL"),
        ),
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
    clear_payload: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    sealed_payload: bytes | None = Field(default=None, sa_type=LargeBinary)
    payload: ClassVar[SealedPayload] = SealedPayload()
    """What the platform is to be told. Its addresses may carry signatures."""
    scheduled_at: datetime | None = moment_field(default=None)
    external_id: str | None = Field(default=None, index=True)
    sealed_callback_url: bytes | None = Field(default=None, sa_type=LargeBinary)
    callback_url: ClassVar[SealedText] = SealedText()
    """Told of every event of this assignment. May carry a signature: never logged."""
    origin: str = "v1"
    """The surface it came from: `v1` or `youtube`."""
    attempt: int = 1
    """Counts the runs: a retry by a person begins the next one."""
    last_edit: int = 0
    """Version of the latest `ProposedEdit`."""
    is_started: bool = False
    """True once the attempt's workflow was seen at work; until then Reconcile looks after it."""
    state: str = Field(default=AssignmentState.PENDING)
    wait_reason: str | None = None
    wait_until: datetime | None = moment_field(default=None)
    waiting_since: datetime | None = moment_field(default=None)
    """When the trouble that it waits for, or looks at again, began. None: there is none."""
    waiting_looks: int = 0
    """How often that trouble was met since then."""
    queued_at: datetime | None = moment_field(default=None)
    """Since when it waits for a free transfer of its workspace's share. None: it does not."""
    cancel_requested_at: datetime | None = moment_field(default=None)
    """Set before the running attempt is asked to give up; another run of it gives up, too."""
    read_back_from: datetime | None = moment_field(default=None)
    """The database was restored: the account's videos since then are read before anything is
    sent. None: nothing is missing."""
    is_slow: bool = False
    """True once its source was too slow: its transfer runs in the slow lane."""
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
    bytes_summed: int = Field(default=0, sa_type=BigInteger)
    """Of what was sent on the open session, the bytes from the first one on whose block sums are
    those of the video."""
    processing_percent: int | None = None
    created_at: datetime = moment_field(default_factory=now)
    updated_at: datetime = moment_field(default_factory=now)
    published_at: datetime | None = moment_field(default=None)
    candidates: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    """The videos that may be its own, where that reading could not decide."""


class ProposedEdit(HasSealed, SQLModel, table=True):
    """One edit of an assignment, stored before its workflow is asked for it.

    The workflow gets the version alone, so the size of an edit never counts in its history.
    """

    __tablename__ = "proposed_edit"

    assignment_id: str = Field(foreign_key="assignment.id", primary_key=True)
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    clear_payload: dict[str, Any] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    sealed_payload: bytes | None = Field(default=None, sa_type=LargeBinary)
    payload: ClassVar[SealedPayload] = SealedPayload()
    """None: not changed, or moved to the assignment when the edit was applied."""
    scheduled_at: datetime | None = moment_field(default=None)
    clears_schedule: bool = False
    created_at: datetime = moment_field(default_factory=now)
    applied_at: datetime | None = moment_field(default=None)
    """Kept until the transfer begins, so that applying the edit twice changes nothing."""


class Transfer(SQLModel, table=True):
    """One upload session of an assignment: written before the first byte is sent."""

    assignment_id: str = Field(foreign_key="assignment.id", primary_key=True)
    sealed_session: bytes | None = Field(default=None, sa_type=LargeBinary)
    """None: no session is open."""
    opened_at: datetime | None = moment_field(default=None)
    finish_sent_at: datetime | None = moment_field(default=None)
    """Set before each request that may complete the upload: from here on it may exist."""
    lost_at: datetime | None = moment_field(default=None)
    """Since when the session is unknown to the platform while the video may exist."""
    is_dead: bool = False
    """The platform said that what was uploaded never becomes a video: a retry begins anew."""
    version: int = 0
    """Counts the decisions about the upload: whoever takes the next one has to know the latest."""


class Evidence(SQLModel, table=True):
    """One observation of an assignment's upload, free of secrets.

    What it says never changes; how often it was seen is counted.
    """

    __table_args__ = (
        Index("ix_evidence_assignment", "assignment_id", "id"),
        Index("ix_evidence_repeated", "assignment_id", "since", "fingerprint", unique=True),
    )

    id: int | None = Field(default=None, primary_key=True)
    """Gives the order; the numbers of one assignment have gaps."""
    assignment_id: str = Field(foreign_key="assignment.id")
    attempt: int
    kind: str
    data: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """Told to the workspace as it is: see `domain.evidence` for what each kind says."""
    noted_at: datetime = moment_field(default_factory=now)
    """When it was seen first."""
    latest_at: datetime = moment_field(default_factory=now)
    times: int = 1
    since: int | None = None
    """The entry of the latest news before it; 0: none. None in entries of before there were any."""
    fingerprint: str | None = None
    """Hex SHA-256 of what it says. None: it is news, which is never counted."""


class Step(SQLModel, table=True):
    assignment_id: str = Field(foreign_key="assignment.id", primary_key=True)
    name: str = Field(primary_key=True)
    state: str = Field(default=StepState.PENDING)
    error_code: str | None = None
    error: str | None = None
    updated_at: datetime = moment_field(default_factory=now)


class AttachmentRow(SQLModel, table=True):
    """A small file that an assignment may send, as it was when it was accepted."""

    __tablename__ = "attachment"

    assignment_id: str = Field(foreign_key="assignment.id", primary_key=True)
    source_digest: str = Field(primary_key=True)
    """Hex SHA-256 of the address, which lies sealed in the payload."""
    field: str
    """The payload's field that names it."""
    size: int = Field(sa_type=BigInteger)
    version: str
    sha256: str
    media_type: str
    accepted_at: datetime = moment_field(default_factory=now)


class IdempotencyClaim(HasSealed, SQLModel, table=True):
    """The first request with a key: claimed before its work, answered with it."""

    __tablename__ = "idempotency_claim"

    workspace_id: str = Field(foreign_key="workspace.id", primary_key=True)
    key: str = Field(primary_key=True)
    fingerprint: str
    """Hex SHA-256 of the canonical body."""
    group_id: str
    """Of the assignments that the claimant makes; tells one claimant of a key from the next."""
    sealed_answer: bytes | None = Field(default=None, sa_type=LargeBinary)
    answer: ClassVar[SealedJson] = SealedJson()
    """What was answered. None: the work is under way, or was cut off by a crash."""
    created_at: datetime = moment_field(default_factory=now)
    """Until it is answered, the last time that its request gave a sign of life."""
