"""What the front end needs to know of a method that takes a file."""

import json
from collections.abc import Mapping
from typing import Any, Protocol

from emulator.calls import Call
from emulator.google import errors
from emulator.google.uploads.session import Draft, Stored
from emulator.google.youtube.access import Caller
from emulator.google.youtube.library import Fate

_FATES = {
    "processing_fails": Fate.FAILED,
    "processing_rejects": Fate.REJECTED,
    "processing_stuck": Fate.STUCK,
    "processing_terminated": Fate.TERMINATED,
}


class UploadMethod(Protocol):
    """A method such as `videos.insert`."""

    name: str
    most_bytes: int

    def begin(self, call: Call, caller: Caller, draft: Draft) -> None:
        """Check and charge what can be before the bytes come; raise GoogleError if not."""

    def finish(self, draft: Draft, file: Stored) -> Mapping[str, Any]:
        """Make what the file is for; return the resource."""


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


def metadata_of(text: str) -> dict[str, Any]:
    """Read the JSON that goes with a file."""
    try:
        body = json.loads(text or "{}")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise errors.bad_request("parseError", "Parse Error")
    return body
