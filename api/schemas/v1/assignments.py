"""Assignments: publish one video on one connection."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from api.schemas.base import (
    Answer,
    Body,
    Id,
    Label,
    Moment,
    Page,
    Payload,
    Reason,
    Url,
    example,
    find_patch_faults,
)
from api.schemas.keys import KeyText
from domain.states import AssignmentState, KnownBy, WaitReason

_CONNECTION = "01a21278-b07a-7d0f-8d1f-4a52c1b0e3a7"
_VIDEO = "01a21258-3f2f-7b6e-9f0a-1c2d3e4f5a6b"
_GROUP = "01a21287-004b-7706-b5e4-d3c2b1a09f8e"
_PAYLOAD = {"title": "Sourdough in a day", "privacy": "private", "tags": ["bread"]}

_CANDIDATE = {
    "id": "1234567890123456",
    "title": "Sourdough in a day",
    "createdAt": "2026-11-22T12:03:10Z",
    "url": "https://www.facebook.com/1234567890/videos/1234567890123456/",
}

_ASSIGNMENT_EXAMPLE: dict[str, Any] = {
    "id": "01a21238-d23d-7988-97a6-b5c4d3e2f100",
    "groupId": _GROUP,
    "connectionId": _CONNECTION,
    "videoId": _VIDEO,
    "platform": "youtube",
    "type": "video",
    "payload": _PAYLOAD,
    "scheduledAt": None,
    "externalId": "episode-12",
    "callbackUrl": None,
    "attempt": 1,
    "state": "published",
    "waitReason": None,
    "waitUntil": None,
    "queuedAt": None,
    "platformId": "dQw4w9WgXcQ",
    "platformUrl": "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
    "knownBy": "answer",
    "bytesSent": 734003200,
    "bytesTotal": 734003200,
    "processingPercent": 100,
    "errorCode": None,
    "error": None,
    "remedy": None,
    "warnings": {},
    "candidates": [],
    "createdAt": "2026-11-22T12:00:00Z",
    "updatedAt": "2026-11-22T12:03:10Z",
    "publishedAt": "2026-11-22T12:03:10Z",
}


def _are_distinct(ids: list[str]) -> list[str]:
    if len(set(ids)) != len(ids):
        raise ValueError("A connection is named twice.")
    return ids


class AssignmentRequest(Body):
    model_config = example(
        connectionId=_CONNECTION,
        videoId=_VIDEO,
        payload=_PAYLOAD,
        scheduledAt="2026-12-24T18:00:00+01:00",
        externalId="episode-12",
        callbackUrl="https://app.example.com/hooks/episode-12",
        idempotencyKey="episode-12-youtube",
    )

    connection_id: Id | None = None
    connection_ids: Annotated[list[Id], AfterValidator(_are_distinct)] | None = Field(
        None, min_length=1, max_length=50, description="One assignment each, with one groupId."
    )
    video_id: Id | None = None
    media_url: Url | None = Field(
        None, description="Registers the video on the way. It is looked at before the answer."
    )
    type: str = Field("video", max_length=32)
    payload: Payload = Field(
        description="What the platform shows, at most 64 KiB of JSON. "
        "GET /api/v1/platforms/{platform}/capabilities has its schema. The default privacy is "
        "private."
    )
    scheduled_at: Moment | None = Field(
        None,
        description="RFC 3339 with an offset. Nothing is sent before. More than an hour ago is "
        "taken for a mistyped date.",
    )
    external_id: Label | None = Field(None, description="Your own name for it.")
    idempotency_key: KeyText | None = Field(
        None, description="Also as the header Idempotency-Key. The same body is answered alike."
    )
    callback_url: Url | None = Field(
        None,
        description="Told of every event of this assignment, as a webhook is. An https URL on a "
        "public address. GET /api/v1/webhooks/endpoints has the secret that signs: that of the "
        "endpoint without a url.",
    )

    @classmethod
    def find_faults(cls, given: Mapping[str, Any]) -> Iterator[tuple[str | None, str]]:
        if (given.get("connection_id") is None) == (given.get("connection_ids") is None):
            yield None, "Give either connectionId or connectionIds."
        if (given.get("video_id") is None) == (given.get("media_url") is None):
            yield None, "Give either videoId or mediaUrl."


class CandidateView(Answer):
    model_config = example(**_CANDIDATE)

    id: str = Field(description="The platform's id of the video.")
    title: str | None
    created_at: datetime | None
    url: str


class AssignmentView(Answer):
    model_config = example(**_ASSIGNMENT_EXAMPLE)

    id: str
    group_id: str
    connection_id: str
    video_id: str
    platform: str
    type: str
    payload: dict[str, Any]
    scheduled_at: datetime | None
    external_id: str | None
    callback_url: str | None
    attempt: int = Field(description="Counts the runs: a retry begins the next one.")
    state: AssignmentState
    wait_reason: WaitReason | None
    wait_until: datetime | None = Field(
        description="When it is looked at again; with waitReason connection, until when it is "
        "waited at most. With waitReason source it is the next try, and error says until when the "
        "source is tried: a PATCH with mediaUrl gives another address."
    )
    queued_at: datetime | None = Field(
        description="Since when it waits for one of its workspace's transfers to end: they have a "
        "share. null: it does not."
    )
    platform_id: str | None
    platform_url: str | None
    known_by: KnownBy | None = Field(
        description="How it is known that the platform has the whole video. answer: it said so. "
        "read_back: its answer was lost or unclear, and it was asked. listing: it was found among "
        "the account's videos. history: the database was restored from a backup, and Temporal's "
        "history of the upload has it."
    )
    bytes_sent: int
    bytes_total: int
    processing_percent: int | None
    error_code: str | None
    error: str | None
    remedy: str | None
    warnings: dict[str, str] = Field(
        description="What failed beside a video that is live, and before that what is to be known "
        "of its files. thumbnail_failed, captions_failed, playlist_failed: a retry does that step "
        "again, and nothing else. thumbnail_missing, captions_missing: the file was not there when "
        "the assignment was accepted; it is read again when the video is live. publish_at_passed: "
        "the payload's publishAt had passed when the upload could begin; the sentence says what "
        "was done."
    )
    candidates: list[CandidateView] = Field(
        description="Videos of the account of which one may be this assignment's, where the "
        "database was restored from a backup and nothing decides it. A person looks at them."
    )
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None


class AssignmentGroup(Answer):
    model_config = example(groupId=_GROUP, items=[_ASSIGNMENT_EXAMPLE])

    group_id: str
    items: list[AssignmentView]


class AssignmentList(Page):
    model_config = example(items=[_ASSIGNMENT_EXAMPLE], total=1, page=1, limit=50)

    items: list[AssignmentView]


class RetryRequest(Body):
    """Left out, or empty, for an ordinary retry."""

    model_config = example(force=True, reason="Looked by hand: the video is not on the channel.")

    force: bool = Field(
        False,
        description="End the reading of what is unconfirmed: it is sent anew at once, and a video "
        "may then be there twice. Where it was cancelled meanwhile, it is cancelled at once, and a "
        "video may be there all the same. Where nothing is unclear it changes nothing.",
    )
    reason: Reason | None = Field(None, description="Goes with force, and is kept as evidence.")

    @classmethod
    def find_faults(cls, given: Mapping[str, Any]) -> Iterator[tuple[str | None, str]]:
        if bool(given.get("force")) != (given.get("reason") is not None):
            yield None, "force and a reason go together."


class AssignmentPatch(Body):
    """Only the fields that are there are changed."""

    model_config = example(scheduledAt="2026-12-25T09:00:00+01:00")

    payload: Payload | None = None
    scheduled_at: Moment | None = Field(None, description="null: no schedule, publish at once.")
    media_url: Url | None = Field(
        None,
        description="Another address for the video, until the platform has every byte: where a "
        "link has expired, for one. Named alone. It is looked at before the answer, and what waits "
        "for its source is tried at once. The registered file (the same SHA-256, or the same size "
        "and the same Last-Modified or ETag) continues at its byte, for every assignment of the "
        "video. Another file becomes a video of its own, for this assignment alone, and its upload "
        "begins again: 409 source_differs while bytes are being sent, or once a video may be "
        "there. So no upload ever holds bytes of two files. A failed assignment takes it before "
        "its retry.",
    )

    @classmethod
    def find_faults(cls, given: Mapping[str, Any]) -> Iterator[tuple[str | None, str]]:
        yield from find_patch_faults(cls, given, not_null=("payload", "media_url"))
        if "media_url" in given and len(given) > 1:
            yield None, "Change mediaUrl in a request of its own."

    @property
    def clears_schedule(self) -> bool:
        return "scheduled_at" in self.model_fields_set and self.scheduled_at is None
