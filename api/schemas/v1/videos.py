"""Videos: the source file and its facts."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from pydantic import AliasChoices, Field

from api.schemas.base import Answer, Body, Description, Label, Page, Url, example

_VIDEO_EXAMPLE = {
    "id": "01a21258-3f2f-7b6e-9f0a-1c2d3e4f5a6b",
    "title": "Sourdough in a day",
    "description": None,
    "sourceUrl": "https://media.example.com/sourdough.mp4",
    "fileName": "sourdough.mp4",
    "size": 48211093,
    "contentType": "video/mp4",
    "container": "MPEG-4",
    "durationMs": 184000,
    "width": 1920,
    "height": 1080,
    "sha256": None,
    "isTruncated": False,
    "createdAt": "2026-11-22T12:00:00Z",
}


class VideoRequest(Body):
    model_config = example(
        sourceUrl="https://media.example.com/sourdough.mp4", title="Sourdough in a day"
    )

    source_url: Url | None = Field(
        None, description="https, or a file in one of the folders that the operator opened."
    )
    upload_id: str | None = Field(
        None, max_length=64, description="A finished upload of the resumable intake."
    )
    title: Label | None = None
    description: Description | None = None
    allow_truncated: bool = Field(
        False,
        description="Take a file that is shorter than its container says. Each assignment of it "
        "has the warning `file_truncated`.",
    )

    @classmethod
    def find_faults(cls, given: Mapping[str, Any]) -> Iterator[tuple[str | None, str]]:
        if (given.get("source_url") is None) == (given.get("upload_id") is None):
            yield None, "Give either sourceUrl or uploadId."


class VideoView(Answer):
    model_config = example(**_VIDEO_EXAMPLE)

    id: str
    title: str | None
    description: str | None
    source_url: str
    file_name: str
    size: int = Field(description="Bytes.")
    content_type: str
    container: str
    duration_ms: int | None
    width: int | None
    height: int | None
    sha256: str | None = Field(
        description="Hex. Known from the registration of a file of up to 64 MiB, and of any other "
        "video once an upload has read all of it without an interruption."
    )
    is_truncated: bool = Field(description="True when the container promises more bytes.")
    created_at: datetime


_UPLOAD_EXAMPLE = {
    "id": "01a212b5-c17b-7c6d-8e0f-1a2b3c4d5e6f",
    "fileName": "sourdough.mp4",
    "size": 48211093,
    "offset": 33554432,
    "createdAt": "2026-11-22T12:00:00Z",
    "expiresAt": "2026-11-23T12:01:30Z",
}


class UploadView(Answer):
    model_config = example(**_UPLOAD_EXAMPLE)

    id: str
    file_name: str
    size: int = Field(description="Bytes that were announced.")
    offset: int = Field(
        validation_alias=AliasChoices("received", "offset"),
        description="Bytes that have arrived: go on from there.",
    )
    created_at: datetime
    expires_at: datetime = Field(description="It is deleted then, unless bytes come before.")


class UploadList(Page):
    model_config = example(items=[_UPLOAD_EXAMPLE], total=1, page=1, limit=50)

    items: list[UploadView]


class VideoList(Page):
    model_config = example(items=[_VIDEO_EXAMPLE], total=1, page=1, limit=50)

    items: list[VideoView]
