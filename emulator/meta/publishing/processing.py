"""What becomes of a video with time: a pure function of the clock.

A session is `uploading`, then `upload_complete`; a finished video is `processing` until
its time is over, then what its fate says, and it is public once it is both ready and
due. Nothing runs in the background, so nothing can be missed (facts: Facebook section
3, whose spelling on the wire is used here; `documented` turns it into the other one).
"""

from typing import Any

from emulator.meta.graph.errors import graph_error
from emulator.meta.publishing.library import Fate, Intent, Video

_NOT_STARTED = {"status": "not_started"}
_COMPLETE = {"status": "complete"}
_TROUBLE = {Fate.PROCESSING_ERROR: "1363127", Fate.COPYRIGHT: "368"}


def is_processed(video: Video, now: float) -> bool:
    """Tell whether the platform is done with a video, well or badly."""
    done = now >= video.finished_at + video.processing_seconds
    return done and video.fate is not Fate.NEVER_READY


def is_published(video: Video, now: float) -> bool:
    """Tell whether the public sees a video."""
    moment = live_moment(video)
    return moment is not None and now >= moment


def live_moment(video: Video) -> float | None:
    """Return when a video becomes public, or None if it never does by itself."""
    if video.fate is not Fate.READY or video.plan.intent is Intent.DRAFT:
        return None
    return max(video.finished_at + video.processing_seconds, video.plan.moment)


def publish_status(video: Video, now: float) -> str:
    """Return what has become of the client's intent."""
    if is_published(video, now):
        return "published"
    if video.fate in _TROUBLE and is_processed(video, now):
        return "error"
    scheduled = video.plan.intent is Intent.SCHEDULED and video.fate is not Fate.LEFT_AS_DRAFT
    return "scheduled" if scheduled else "draft"


def video_status(video: Video, now: float) -> str:
    """Return the one word for where a finished video stands."""
    if not is_processed(video, now):
        return "processing"
    return "error" if video.fate is Fate.PROCESSING_ERROR else "ready"


def finished_status(video: Video, now: float) -> dict[str, Any]:
    """Return the status object of a finished video."""
    processed, word = is_processed(video, now), video_status(video, now)
    progress = 100 if processed else _percent(video, now)
    processing: dict[str, Any] = {"status": "complete" if processed else "in_progress"}
    if word == "error":
        processing = {"status": "error", "errors": [_trouble(video)]}
    publishing: dict[str, Any] = dict(_NOT_STARTED)
    if word == "ready":
        publishing = _publishing(video, now)
    checked = processed and word == "ready"
    return {
        "video_status": word,
        "processing_progress": progress,
        "uploading_phase": {**_COMPLETE, "bytes_transferred": video.bytes},
        "processing_phase": processing,
        "publishing_phase": publishing,
        "copyright_check_status": {
            "status": "complete" if checked else "in_progress",
            "matches_found": checked and video.fate is Fate.COPYRIGHT,
        },
    }


def unfinished_status(stored: int, size: int | None, whole_word: str) -> dict[str, Any]:
    """Return the status object of a video whose finish has not been called.

    `whole_word` is its `video_status` once every byte is there.
    """
    whole = size is not None and stored == size
    uploading = "complete" if whole else "in_progress" if stored else "not_started"
    return {
        "video_status": whole_word if whole else "uploading",
        "processing_progress": 0,
        "uploading_phase": {"status": uploading, "bytes_transferred": stored},
        "processing_phase": dict(_NOT_STARTED),
        "publishing_phase": dict(_NOT_STARTED),
    }


def documented(status: dict[str, Any]) -> dict[str, Any]:
    """Spell a status object as Meta's pages do instead of as its servers do."""
    return {name: _documented(part) for name, part in status.items()}


def _documented(part: Any) -> Any:
    if not isinstance(part, dict):
        return part
    spelled = {"bytes_transferred": "bytes_transfered", "errors": "error"}
    changed = {spelled.get(name, name): value for name, value in part.items()}
    if changed["status"] == "complete":
        changed["status"] = "completed"
    if "error" in changed:
        changed["error"] = {"message": changed["error"][0]["message"]}
    return changed


def _publishing(video: Video, now: float) -> dict[str, Any]:
    status = publish_status(video, now)
    if status == "error":
        return {"status": "error", "publish_status": status, "errors": [_trouble(video)]}
    moment = live_moment(video)
    times = {} if moment is None else {"publish_time": int(moment)}
    phase = _COMPLETE if status == "published" else _NOT_STARTED
    return {**phase, "publish_status": status, **times}


def _percent(video: Video, now: float) -> int:
    elapsed = max(0.0, now - video.finished_at)
    if not video.processing_seconds:
        return 0
    return min(99, int(100 * elapsed / video.processing_seconds))


def _trouble(video: Video) -> dict[str, Any]:
    error = graph_error(video.reason or _TROUBLE[video.fate])
    return {"code": error.subcode or error.code, "message": error.message}
