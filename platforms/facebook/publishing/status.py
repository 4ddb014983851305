"""What a video node says of itself: how far each phase is, and what shows of its finish.

Meta's pages and Meta's servers spell the status object differently, and both are read
(facts: Facebook sections 0 and 3). Two readings live here because everything hangs on them:
whether a finish has had any effect, and whether the video is lost.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from domain.errors import PlatformRefusal
from platforms.facebook.errors import number
from platforms.facebook.reasons import RULES

NODE_FIELDS = "status,published,permalink_url,scheduled_publish_time"
"""All that is asked of a video node; a field that it lacks would fail the whole call."""


class Progress(StrEnum):
    """How far a phase is."""

    NOT_STARTED = "not_started"
    IN_PROGRESS = "in_progress"
    COMPLETE = "complete"
    ERROR = "error"

    @property
    def has_begun(self) -> bool:
        return self in (Progress.IN_PROGRESS, Progress.COMPLETE)


@dataclass(frozen=True, slots=True)
class Phase:
    progress: Progress
    error: int | None
    """Meta's code of what went wrong, where it gives one."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why there will be no video: a stable code and a sentence for a person."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class VideoStatus:
    """One look at a video node."""

    word: str
    """Meta's `video_status`, its summary in one word."""
    uploading: Phase
    processing: Phase
    publishing: Phase
    publish_status: str | None
    stored: int | None
    """Bytes that Facebook says it holds; None where it does not say."""
    percent: int | None
    is_public: bool
    scheduled_at: int | None
    """Seconds since 1970."""
    permalink: str | None
    copyright: Phase
    matches: bool
    """True when the copyright check has found somebody else's content."""

    @property
    def is_ready(self) -> bool:
        """True when the processing is done. It is not published for that."""
        return self.word == "ready"

    @property
    def is_uploaded(self) -> bool:
        """True when every byte is there."""
        return self.uploading.progress is Progress.COMPLETE

    @property
    def is_expired(self) -> bool:
        return self.word == "expired"

    @property
    def shows_finish(self) -> bool:
        """True when a finish must have had its effect.

        The word `processing` proves nothing: Meta shows it as soon as every byte is there
        (its own Reels collection has that answer before the finish). `publish_status` alone
        may be `draft` of a video that nobody has finished.
        """
        return (
            self.is_public
            or self.publishing.progress.has_begun
            or self.publish_status in ("published", "scheduled")
            or self.scheduled_at is not None
        )

    @property
    def shows_work(self) -> bool:
        """True when Facebook makes something of the bytes, as it does after a finish.

        Whether it may begin before one is not established, so this is a sign of a finish
        only where one has been sent.
        """
        return self.is_ready or self.processing.progress.has_begun

    @property
    def fault(self) -> Fault | None:
        """Why it will never be a published video, or None while it may."""
        for phase, failed in ((self.processing, _PROCESSING), (self.uploading, _UPLOADING)):
            if phase.progress is Progress.ERROR:
                return _explained(phase, failed)
        if self.publishing.progress is Progress.ERROR or self.publish_status == "error":
            return _COPYRIGHT if self.matches else _explained(self.publishing, _PUBLISHING)
        return _WORDS.get(self.word)


_UPLOADING = Fault("upload_failed", "Facebook could not take the file.")
_PROCESSING = Fault("processing_failed", "Facebook could not process the video.")
_PUBLISHING = Fault("publishing_failed", "Facebook processed the video and did not publish it.")
_COPYRIGHT = Fault(
    "copyright", "Facebook did not publish the video: it matches somebody else's content."
)
_WORDS = {
    "error": _PROCESSING,
    "upload_failed": _UPLOADING,
    "expired": Fault("video_expired", "Facebook has given the video up: it expired."),
}


def read_status(node: Mapping[str, Any]) -> VideoStatus:
    """Read a video node with `NODE_FIELDS`. What is missing or strange counts as not begun."""
    status = _object(node.get("status"))
    uploading, publishing = (
        _object(status.get(name)) for name in ("uploading_phase", "publishing_phase")
    )
    checked = _object(status.get("copyright_check_status"))
    stored = number(uploading.get("bytes_transferred", uploading.get("bytes_transfered")))
    return VideoStatus(
        word=str(status.get("video_status")),
        uploading=_phase(uploading),
        processing=_phase(_object(status.get("processing_phase"))),
        publishing=_phase(publishing),
        publish_status=_text(publishing.get("publish_status")),
        stored=stored,
        percent=_percent(status.get("processing_progress")),
        is_public=node.get("published") is True,
        scheduled_at=_moment(node.get("scheduled_publish_time")),
        permalink=_text(node.get("permalink_url")),
        copyright=_phase(checked),
        matches=checked.get("matches_found") is True,
    )


def _phase(phase: Mapping[str, Any]) -> Phase:
    progress = _PROGRESS.get(str(phase.get("status")), Progress.NOT_STARTED)
    errors = phase.get("errors") or phase.get("error")
    first = _object(errors[0] if isinstance(errors, list) else errors)
    # What is complete all the same got over them.
    if first and progress is not Progress.COMPLETE:
        return Phase(Progress.ERROR, number(first.get("code")))
    return Phase(progress, None)


_PROGRESS = {
    **{progress.value: progress for progress in Progress},
    "completed": Progress.COMPLETE,  # as the pages have it; the servers say `complete`
}


def _explained(phase: Phase, otherwise: Fault) -> Fault:
    """What the table of errors says of a phase's code, where that is a last word on the file."""
    rule = RULES.get(str(phase.error))
    if rule is None or rule.kind is not PlatformRefusal:
        return otherwise
    return Fault(rule.code, rule.sentence)


def _percent(value: Any) -> int | None:
    percent = number(value)
    return percent if percent is not None and 0 <= percent <= 100 else None


def _moment(value: Any) -> int | None:
    """Seconds since 1970, which Graph also gives as ISO 8601."""
    seconds = number(value)
    if seconds is None and isinstance(value, str):
        try:
            return int(datetime.fromisoformat(value).timestamp())
        except ValueError:
            return None
    return seconds or None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
