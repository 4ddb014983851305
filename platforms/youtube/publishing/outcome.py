"""What has become of an uploaded video, by the platform's word.

The upload status decides: a video is live when it is `processed`, and what is still
`uploaded` is at work, whatever its progress says (facts: YouTube section 4). Processing
details add two things, a percentage and an early `failed`; `terminated` there only means
that the details are gone. Reasons become stable codes, unknown ones included.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.errors import PlatformUnavailable
from platforms.protocol import Credential, Dead, Live, Outcome, Processing
from platforms.youtube.api import Api
from platforms.youtube.errors import find_code, require_id

APPEARS_WITHIN = timedelta(minutes=10)
"""After its last byte; then a video that is not shown counts as removed, or as never made."""

_FAILURES = {
    "conversion": "YouTube could not convert the file.",
    "invalidFile": "YouTube cannot read the file.",
    "emptyFile": "The file came to YouTube empty.",
    "tooSmall": "The file is too small to be a video.",
    "codec": "YouTube does not know the file's codec.",
    "uploadAborted": "YouTube says that the upload was broken off.",
    "uploadFailed": "YouTube says that the upload failed.",
    "transcodeFailed": "YouTube could not convert the file.",
    "streamingFailed": "YouTube could not make the file ready for streaming.",
}
_REJECTIONS = {
    "copyright": "YouTube rejected the video for its copyright.",
    "inappropriate": "YouTube rejected the video as inappropriate.",
    "duplicate": "YouTube rejected the video as a duplicate of one in the channel.",
    "termsOfUse": "YouTube rejected the video for its terms of use.",
    "uploaderAccountSuspended": "The channel's account is suspended.",
    "uploaderAccountClosed": "The channel's account is closed.",
    "length": "The video is longer than the channel may upload.",
    "claim": "YouTube rejected the video because of a claim.",
    "trademark": "YouTube rejected the video for a trademark.",
    "legal": "YouTube rejected the video for a legal reason.",
}


def get_outcome(
    api: Api,
    credential: Credential,
    platform_id: str,
    payload: Mapping[str, Any],
    uploaded_at: datetime | None,
) -> Outcome:
    """One call. Raises `PlatformUnavailable` (`not_there_yet`) for a video yet to appear."""
    listing = api.call(credential, api.videos.list(part="status,processingDetails", id=platform_id))
    items = listing.get("items") or []
    if not items:
        return _missing(uploaded_at)
    return judge(items[0], payload)


def judge(video: Mapping[str, Any], payload: Mapping[str, Any]) -> Outcome:
    """Read a video resource with the parts `status` and `processingDetails`. Pure."""
    status = video.get("status", {})
    processing = video.get("processingDetails", {})
    match status.get("uploadStatus"):
        case "processed":
            url = f"https://www.youtube.com/watch?v={require_id(video['id'])}"
            return Live(url, _differences(status, payload))
        case "failed":
            return _failed(status.get("failureReason"))
        case "rejected":
            return _dead(
                "rejected",
                status.get("rejectionReason"),
                _REJECTIONS,
                "YouTube rejected the video.",
            )
        case "deleted":
            return Dead("video_deleted", "The video was deleted.")
        case _ if processing.get("processingStatus") == "failed":
            return _failed(processing.get("processingFailureReason"))
        case _:
            return Processing(_percent(processing.get("processingProgress", {})))


def require_due(uploaded_at: datetime | None) -> None:
    """Raise `PlatformUnavailable` (`not_there_yet`) while a missing video may only be late.

    YouTube's reads lag behind its writes for a while; None: it may be new.
    """
    if uploaded_at is None or datetime.now(UTC) - uploaded_at < APPEARS_WITHIN:
        raise PlatformUnavailable(
            "not_there_yet", "YouTube does not show the video yet.", retry_after=15
        )


def _missing(uploaded_at: datetime | None) -> Dead:
    require_due(uploaded_at)
    return Dead("video_missing", "YouTube does not have the video: it was removed.")


def _failed(reason: object) -> Dead:
    return _dead("processing_failed", reason, _FAILURES, "YouTube could not process the video.")


def _dead(prefix: str, word: object, sentences: Mapping[str, str], otherwise: str) -> Dead:
    reason = find_code(word)
    if reason is None:
        return Dead(prefix, otherwise)
    snake = re.sub(r"(?<!^)(?=[A-Z])", "_", reason).lower()
    return Dead(f"{prefix}_{snake}", sentences.get(reason, otherwise))


def _percent(progress: Mapping[str, Any]) -> int | None:
    try:
        # uint64 comes as a string.
        total, done = int(progress["partsTotal"]), int(progress["partsProcessed"])
    except (KeyError, ValueError):
        return None
    return min(100, 100 * done // total) if total > 0 and done >= 0 else None


def _differences(status: Mapping[str, Any], payload: Mapping[str, Any]) -> dict[str, str]:
    """What the live video has otherwise than asked; the account's settings may change it."""
    warnings = {}
    asked, got = payload.get("privacy", "private"), status.get("privacyStatus")
    if got != asked and "publishAt" not in payload:
        warnings["privacy_differs"] = f"Asked for {asked}; YouTube made the video {got}."
    if "publishAt" in payload and got == "private" and "publishAt" not in status:
        warnings["schedule_differs"] = "YouTube keeps no time of publication for the video."
    if status.get("madeForKids") and not payload.get("madeForKids", False):
        warnings["made_for_kids_differs"] = "YouTube treats the video as made for kids."
    for name in ("license", "embeddable"):
        if name in payload and status.get(name, payload[name]) != payload[name]:
            warnings[f"{name}_differs"] = f"YouTube has set {name} to {status[name]}."
    return warnings
