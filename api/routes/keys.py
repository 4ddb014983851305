"""Idempotency keys as requests bring them, and which two requests are the same.

Two bodies are the same when they mean the same, however they are written; what is left out is
what is null. What a repetition is answered is for `api.services.claims` to say.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import Depends, Header, Request
from pydantic import BaseModel

from api.schemas.keys import KeyText
from api.services.claims import Key
from domain.errors import InvalidRequest
from store.tables import Assignment

_NAME = "Idempotency-Key"

_Header = Annotated[
    KeyText | None,
    Header(alias=_NAME, description="The same key and body is done once and answered alike."),
]


def _the_one_key(request: Request, key: _Header = None) -> str | None:
    if len(set(request.headers.getlist(_NAME))) > 1:
        sentence = "There are two of this header, and they differ."
        raise InvalidRequest("invalid_request", sentence, details={_NAME: [sentence]})
    return key


KeyHeader = Annotated[str | None, Depends(_the_one_key)]


def key_of(
    text: str | None, body: BaseModel, tell: Callable[[Sequence[Assignment]], dict[str, Any]]
) -> Key | None:
    """What the request is called by, if it is; `tell` makes its answer."""
    return None if text is None else Key(text, _fingerprint(body), tell)


def _fingerprint(body: BaseModel) -> str:
    meant = body.model_dump(mode="json", exclude={"idempotency_key"}, exclude_none=True)
    return hashlib.sha256(json.dumps(meant, sort_keys=True).encode()).hexdigest()
