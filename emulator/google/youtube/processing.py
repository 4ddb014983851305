"""What becomes of a video with time: a pure function of the clock.

`uploaded` and `processing` until its time is over, then what its fate says (facts:
YouTube section 4). Nothing runs in the background, so nothing can be missed.
"""

from dataclasses import dataclass
from typing import Any

from emulator.google.youtube.library import Fate, Video

_PARTS = 1000


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a video stands."""

    upload_status: str
    processing_status: str
    failure_reason: str | None = None
    rejection_reason: str | None = None
    fraction: float = 1.0
    seconds_left: float = 0.0

    def details(self) -> dict[str, Any]:
        """Return the part `processingDetails`, its numbers as strings."""
        done = self.processing_status == "succeeded"
        available = "available" if done else "inProgress"
        details: dict[str, Any] = {
            "processingStatus": self.processing_status,
            "fileDetailsAvailability": "available",
            "processingIssuesAvailability": available,
            "tagSuggestionsAvailability": available,
            "editorSuggestionsAvailability": available,
            "thumbnailsAvailability": available,
        }
        if self.processing_status == "processing":
            details["processingProgress"] = {
                "partsTotal": str(_PARTS),
                "partsProcessed": str(int(_PARTS * self.fraction)),
                "timeLeftMs": str(int(self.seconds_left * 1000)),
            }
        if self.processing_status == "failed":
            details["processingFailureReason"] = (
                "uploadFailed" if self.failure_reason == "emptyFile" else "transcodeFailed"
            )
        return details


def progress(video: Video, now: float) -> Progress:
    """Tell where a video stands at a moment."""
    elapsed = now - video.uploaded_at
    if video.bytes == 0:
        return Progress("failed", "failed", failure_reason="emptyFile")
    if video.fate is Fate.STUCK or elapsed < video.processing_seconds:
        left = max(1.0, video.processing_seconds - elapsed)
        fraction = min(0.99, elapsed / (elapsed + left))
        return Progress("uploaded", "processing", fraction=fraction, seconds_left=left)
    if video.fate is Fate.FAILED:
        return Progress("failed", "failed", failure_reason=video.reason or "conversion")
    if video.fate is Fate.REJECTED:
        return Progress("rejected", "succeeded", rejection_reason=video.reason or "duplicate")
    if video.fate is Fate.TERMINATED:
        return Progress("processed", "terminated")
    return Progress("processed", "succeeded")
