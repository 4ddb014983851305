"""Temporal's payloads, as its remote-codec protocol writes them."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.base import example

Text = Annotated[str, Field(max_length=1_000_000)]
"""Base64, as long as a body may be."""


class Payload(BaseModel):
    model_config = ConfigDict(
        **example(metadata={"encoding": "anNvbi9wbGFpbg=="}, data="eyJhIjoxfQ=="), extra="forbid"
    )

    metadata: Annotated[dict[str, Text], Field(max_length=100)] = {}
    data: Text = ""


class Payloads(BaseModel):
    model_config = ConfigDict(
        **example(
            payloads=[{"metadata": {"encoding": "anNvbi9wbGFpbg=="}, "data": "eyJhIjoxfQ=="}]
        ),
        extra="forbid",
    )

    payloads: Annotated[list[Payload], Field(max_length=10_000)] = []
