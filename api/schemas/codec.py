"""Temporal's payloads, as its remote-codec protocol writes them."""

from pydantic import BaseModel

from api.schemas.base import example


class Payload(BaseModel):
    model_config = example(metadata={"encoding": "anNvbi9wbGFpbg=="}, data="eyJhIjoxfQ==")

    metadata: dict[str, str] = {}
    data: str = ""


class Payloads(BaseModel):
    model_config = example(
        payloads=[{"metadata": {"encoding": "anNvbi9wbGFpbg=="}, "data": "eyJhIjoxfQ=="}]
    )

    payloads: list[Payload] = []
