"""The `/api/youtube` surface: snake_case, integer ids, three statuses."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field

from api.schemas.base import Description, Label, Number, SnakeAnswer, SnakeBody, Url, example
from domain.states import AssignmentState
from store.tables import Assignment, Video

_UPLOAD_EXAMPLE = {
    "upload_id": 4,
    "youtube_video_id": "dQw4w9WgXcQ",
    "youtube_url": "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
    "status": "COMPLETED",
}
_STATUS_EXAMPLE = {**_UPLOAD_EXAMPLE, "error_message": None}
_JOB_EXAMPLE = {
    "id": 7,
    "title": "Sourdough in a day",
    "description": None,
    "source_url": "https://media.example.com/sourdough.mp4",
    "status": "COMPLETED",
    "created_at": "2026-11-22T12:00:00Z",
}


Tag = Annotated[str, Field(max_length=5000)]
"""Bounded here; YouTube's own rules are those of the payload."""


class Status(StrEnum):
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


_STATUSES = {
    AssignmentState.PUBLISHED: Status.COMPLETED,
    AssignmentState.FAILED: Status.FAILED,
    AssignmentState.CANCELLED: Status.FAILED,
}


class Privacy(StrEnum):
    PUBLIC = "public"
    UNLISTED = "unlisted"
    PRIVATE = "private"


class AuthInitiated(SnakeAnswer):
    model_config = example(
        authorization_url="https://castline.example.com/api/v1/oauth/youtube/authorize"
        "?ticket=8c1de23b-7a5f-4c0e-9d6b-5a4f3e2d1c0b"
    )

    authorization_url: str = Field(description="Open it in a browser within five minutes.")


class AuthConcluded(SnakeAnswer):
    model_config = example(
        status="success", connection_ids=["01a21278-b07a-7d0f-8d1f-4a52c1b0e3a7"]
    )

    status: str
    connection_ids: list[str]


class ChannelAnswer(SnakeAnswer):
    model_config = example(
        channel_id="UCq0example",
        title="Blue Door Bakery",
        description="Bread, mostly.",
        subscriber_count=1204,
        thumbnail_url="https://yt3.ggpht.com/example",
    )

    channel_id: str
    title: str
    description: str
    subscriber_count: int | None
    thumbnail_url: str | None


class UploadRequest(SnakeBody):
    model_config = example(job_id=7, title="Sourdough in a day", privacy_status="unlisted")

    job_id: Number
    title: str | None = Field(None, max_length=200, description="Default: the job's.")
    description: Description | None = Field(None, description="Default: the job's.")
    tags: list[Tag] | None = Field(None, max_length=500)
    privacy_status: Privacy = Field(Privacy.PUBLIC, strict=False)


class UploadAnswer(SnakeAnswer):
    model_config = example(**_UPLOAD_EXAMPLE)

    upload_id: int
    youtube_video_id: str | None = Field(description="null until YouTube has given it.")
    youtube_url: str | None
    status: Status = Field(description="PROCESSING until the video is published.")

    @classmethod
    def of(cls, row: Assignment) -> Self:
        return cls.model_validate(
            {
                "upload_id": row.number,
                "youtube_video_id": row.platform_id,
                "youtube_url": row.platform_url or _watch_url(row.platform_id),
                "status": _STATUSES.get(AssignmentState(row.state), Status.PROCESSING),
                "error_message": row.error,
            }
        )


class UploadStatus(UploadAnswer):
    model_config = example(**_STATUS_EXAMPLE)

    error_message: str | None


class JobRequest(SnakeBody):
    model_config = example(
        title="Sourdough in a day", source_url="https://media.example.com/sourdough.mp4"
    )

    title: Label
    description: Description | None = None
    source_url: Url


class JobAnswer(SnakeAnswer):
    model_config = example(**_JOB_EXAMPLE)

    id: int
    title: str | None
    description: str | None
    source_url: str
    status: Status = Field(description="Only a COMPLETED job may be uploaded.")
    created_at: datetime

    @classmethod
    def of(cls, video: Video) -> Self:
        """Every registered video was looked at, so its job is complete."""
        return cls(
            id=video.number,
            title=video.title,
            description=video.description,
            source_url=video.source_url,
            status=Status.COMPLETED,
            created_at=video.created_at,
        )


def _watch_url(video_id: str | None) -> str | None:
    return None if video_id is None else f"https://www.youtube.com/watch?v={video_id}"
