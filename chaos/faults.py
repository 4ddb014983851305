"""The trouble that the platforms make, in the words of the emulator's controls.

`PASSING` is what has to come right by itself, on every call of a publication. `DECISIVE` is that
part of it in which a video is there and nobody has said so yet: a kill in those seconds is the one
that may make a second video. `PERMANENT` is the platforms' final word on a video, and the only
cause for which an assignment may fail.
Left out is what takes hours by design: an upload session that is lost with its last byte and
has made nothing, which is read for long before anything is sent again; budgets that come
back at midnight or after the half hour that Meta asks for; and errors that are a bad file
as well as a bad moment, which are the last word on the third try.
"""

from collections.abc import Mapping
from typing import Any

Fault = Mapping[str, Any]
Kinds = tuple[tuple[str, Mapping[str, Any]], ...]
"""Kinds of fault, each with its options."""


def _fault(operation: str, kind: str, **options: Any) -> Fault:
    return {"operation": operation, "kind": kind, **options}


_ANY_CALL: Kinds = (
    ("cut", {}),
    ("lose_answer", {}),
    ("slow", {"delay_seconds": 3}),
    ("status", {"status": 500}),
    ("status", {"status": 502, "html": True}),
    ("status", {"status": 503, "html": True, "retry_after": 1}),
)
_BYTES: Kinds = (
    ("cut", {"after_bytes": 400_000}),
    ("lose_answer", {}),
    ("slow", {"delay_seconds": 3}),
    ("stall", {}),
    ("status", {"status": 503, "retry_after": 1}),
)
_GOOGLE_REFUSES: Kinds = (("rate_limited", {}), ("unauthorized", {}))
_META_REFUSES: Kinds = (("graph_error", {"reason": "2"}),)
_MADE_AND_NOT_SAID: Kinds = (
    ("lose_answer_live", {}),
    ("status_after", {"status": 502, "html": True}),
    ("graph_error_after", {"reason": "2"}),
)
_LAST_BYTES: Kinds = (
    ("lose_answer", {"final": True}),
    ("cut", {"final": True, "after_bytes": 2_000}),
    ("slow", {"final": True, "delay_seconds": 5}),
    ("status", {"final": True, "status": 503}),
    ("session_lost", {"after_finish": True}),
)
_NOT_SHOWN: Kinds = (("not_found_yet", {}),)

_PASSING: Mapping[str, Kinds] = {
    "oauth.token.refresh": _ANY_CALL,
    "videos.insert.start": (*_ANY_CALL, *_GOOGLE_REFUSES, ("already_exists", {})),
    "videos.insert.transfer": (*_BYTES, *_LAST_BYTES, *_GOOGLE_REFUSES),
    "videos.insert.status": (*_ANY_CALL, *_GOOGLE_REFUSES),
    "videos.list": (*_ANY_CALL, *_GOOGLE_REFUSES, *_NOT_SHOWN),
    "playlistItems.list": (*_ANY_CALL, *_NOT_SHOWN),
    "page_videos.start": (*_ANY_CALL, *_META_REFUSES),
    "page_videos.transfer": (*_BYTES, *_META_REFUSES, ("offset_loop", {})),
    "page_videos.finish": (*_ANY_CALL, *_META_REFUSES, *_MADE_AND_NOT_SAID),
    "reels.start": (*_ANY_CALL, *_META_REFUSES),
    "reels.transfer": (*_BYTES, *_META_REFUSES),
    "reels.finish": (*_ANY_CALL, *_META_REFUSES, *_MADE_AND_NOT_SAID),
    "video.get": (*_ANY_CALL, *_META_REFUSES, *_NOT_SHOWN),
}
PASSING = [
    _fault(operation, kind, **options)
    for operation, kinds in _PASSING.items()
    for kind, options in kinds
]
DECISIVE = [
    _fault("videos.insert.transfer", "slow", final=True, delay_seconds=8),
    _fault("page_videos.finish", "slow", delay_seconds=8),
    _fault("videos.insert.transfer", "lose_answer", final=True),
    _fault("reels.finish", "slow", delay_seconds=8),
]
PERMANENT = [
    _fault("videos.insert.start", "processing_fails"),
    _fault("page_videos.finish", "processing_error"),
    _fault("videos.insert.start", "processing_rejects"),
    _fault("reels.finish", "processing_error"),
    _fault("page_videos.finish", "copyright"),
]
