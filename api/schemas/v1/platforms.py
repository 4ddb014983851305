"""Platforms and what they take."""

from typing import Any

from pydantic import Field

from api.schemas.base import Answer, example

_PLATFORM_EXAMPLE = {"name": "youtube", "types": ["video"]}


class PlatformView(Answer):
    model_config = example(**_PLATFORM_EXAMPLE)

    name: str
    types: list[str]


class PlatformList(Answer):
    model_config = example(items=[_PLATFORM_EXAMPLE])

    items: list[PlatformView]


class CapabilitiesView(Answer):
    model_config = example(
        name="youtube",
        types=["video"],
        maxBytes=274877906944,
        maxDurationSeconds=43200,
        scopes=["https://www.googleapis.com/auth/youtube.upload"],
        payloadSchema={"type": "object", "required": ["title"]},
    )

    name: str
    types: list[str]
    max_bytes: int
    max_duration_seconds: int
    scopes: list[str] = Field(description="What a consent asks for.")
    payload_schema: dict[str, Any] = Field(description="JSON schema of an assignment's payload.")
