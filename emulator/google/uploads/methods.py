"""What the front end needs to know of a method that takes a file."""

import json
from collections.abc import Mapping
from typing import Any, Protocol

from emulator.calls import Call
from emulator.google import errors
from emulator.google.api import bad_requests
from emulator.google.api.arguments import plain_query
from emulator.google.api.document import METHODS
from emulator.google.errors import GoogleError
from emulator.google.uploads.session import Draft, Stored
from emulator.google.youtube.access import Access, Caller
from emulator.google.youtube.library import Fate
from emulator.parsing import parse_json

_FATES = {
    "processing_fails": Fate.FAILED,
    "processing_rejects": Fate.REJECTED,
    "processing_stuck": Fate.STUCK,
    "processing_terminated": Fate.TERMINATED,
}


class UploadMethod(Protocol):
    """A method such as `videos.insert`."""

    name: str

    def begin(self, call: Call, caller: Caller, draft: Draft) -> None:
        """Check and charge what can be before the bytes come; raise GoogleError if not."""

    def finish(self, draft: Draft, file: Stored | None) -> Mapping[str, Any]:
        """Make what the file is for; return the resource. None: the call came without a file."""


def draft_of(call: Call, method: UploadMethod, access: Access) -> tuple[Caller, Draft]:
    """Return who calls and what is said of the file, or refuse the call."""
    caller = access.caller(call, method.name)
    draft = Draft(
        method=method.name,
        person=caller.person,
        query=plain_query(call.request.query),
        body={},
        origin=call.origin,
        file_name=call.request.headers.get("Slug", "unknown"),
    )
    _ = draft.arguments  # refused now, and not when the bytes are there
    return caller, draft


def check_media(method: UploadMethod, media_type: str, size: int | None = None) -> None:
    """Refuse a file of a type or of a size that the method does not take."""
    media = METHODS[method.name].media
    assert media is not None
    if not media.accepts(media_type):
        raise bad_requests.unsupported_media_type(media_type)
    if size is not None and size > media.most_bytes:
        raise GoogleError(413, "uploadTooLarge", "Media larger than the limit.")


def fate_of(kind: str) -> Fate | None:
    """Return the fate that a fault of this kind decides."""
    return _FATES.get(kind)


def mark(call: Call, draft: Draft) -> None:
    """Let a fault of this call decide what becomes of the file."""
    if call.fault is None:
        return
    fate = fate_of(call.fault.kind)
    if fate:
        draft.fate, draft.reason = fate, call.option("reason")
    if call.suffers("private_lock"):
        draft.locked_private = True


def metadata_of(raw: bytes) -> dict[str, Any]:
    """Read the JSON that goes with a call or with a file."""
    try:
        body = parse_json(raw or b"{}")
        if rb"\ud" in raw.lower():
            # Half of a pair of surrogates is no character, and could not be answered.
            json.dumps(body, ensure_ascii=False).encode()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise errors.bad_request("parseError", "Parse Error")
    return body
