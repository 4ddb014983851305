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
from domain.moments import parse_moment
from platforms import publish_at
from platforms.protocol import Credential, Dead, Live, Outcome, Processing
from platforms.youtube.api import Api
from platforms.youtube.errors import find_code, require_id

APPEARS_WITHIN = timedelta(minutes=10)
"""After its last byte; then a video that is not shown counts as removed, or as never made."""
_ROUNDED = timedelta(minutes=1)
"""By so much YouTube may round a time of publication."""

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
    return judge(items[0], payload, uploaded_at, datetime.now(UTC))


def judge(
    video: Mapping[str, Any],
    payload: Mapping[str, Any],
    uploaded_at: datetime | None,
    now: datetime,
) -> Outcome:
    """Read a video resource with the parts `status` and `processingDetails`. Pure.

    `uploaded_at` is when the last byte left, None where that is not known.
    """
    status = video.get("status", {})
    processing = video.get("processingDetails", {})
    match status.get("uploadStatus"):
        case "processed":
            url = f"https://www.youtube.com/watch?v={require_id(video['id'])}"
            warnings = _find_privacy(status, payload, uploaded_at or now, now)
            return Live(url, {**warnings, **_differences(status, payload)})
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
    if status.get("madeForKids") and not payload.get("madeForKids", False):
        warnings["made_for_kids_differs"] = "YouTube treats the video as made for kids."
    for name in ("license", "embeddable"):
        if name in payload and status.get(name, payload[name]) != payload[name]:
            warnings[f"{name}_differs"] = f"YouTube has set {name} to {status[name]}."
    return warnings


def _find_privacy(
    status: Mapping[str, Any], payload: Mapping[str, Any], uploaded_at: datetime, now: datetime
) -> dict[str, str]:
    """Who can see it and from when, where that is not as asked.

    What was to be public at a time is private until then, with that time at YouTube. A time that
    had passed when the session was opened was not sent. One that passed while the bytes were
    sent has YouTube publish with the last of them: later than asked.
    """
    asked, got = payload.get("privacy", "private"), status.get("privacyStatus")
    at, kept = publish_at.publish_at(payload), _find_time(status)
    if at is None:
        return _differs(asked, got) if got != asked else {}
    if got == "private" and kept is not None:
        is_same = abs(kept - at) < _ROUNDED
        return {} if is_same else {"schedule_differs": "YouTube keeps another publishAt."}
    if got == "public" and at <= now:
        return {publish_at.WARNING: _PUBLIC_LATE} if at <= uploaded_at else {}
    if got != "private":
        return _differs("private", got)
    if at > now:
        return {"schedule_differs": "YouTube keeps no time of publication for the video."}
    if publish_at.late_privacy(payload) != got:
        return _differs(publish_at.late_privacy(payload), got)
    return {publish_at.WARNING: _KEPT_PRIVATE}


_KEPT_PRIVATE = (
    "publishAt had passed when the upload could begin, so the video is private. Make it public on "
    "YouTube."
)
_PUBLIC_LATE = "publishAt had passed when the upload was complete: the video is public since then."


def _differs(asked: str, got: object) -> dict[str, str]:
    return {"privacy_differs": f"Asked for {asked}; YouTube made the video {got}."}


def _find_time(status: Mapping[str, Any]) -> datetime | None:
    """When YouTube publishes it by itself; None where it does not say."""
    try:
        return parse_moment(status.get("publishAt"))
    except ValueError:
        return None
