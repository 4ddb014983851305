"""What has become of an uploaded video, by Facebook's word.

`ready` says that the processing is done and nothing about who can see it: a video is
published when it is ready and `published`, a reel when its publishing phase is complete,
and one that stays a draft, against what was asked, is a failure that a person has to
mend (facts: Facebook sections 2d and 3). Meta's codes become our stable ones.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urljoin

from domain.errors import PlatformRefusal, PlatformUnavailable
from platforms import publish_at
from platforms.facebook.graph import Graph
from platforms.facebook.publishing.intent import Intent, intent_of, scheduled_at
from platforms.facebook.publishing.status import NODE_FIELDS, Progress, VideoStatus, read_status
from platforms.protocol import Credential, Dead, Live, Outcome, Processing, Publication

APPEARS_WITHIN = timedelta(hours=6)
"""After the upload; what is not shown may be hidden for a while (facts: Facebook section 4)."""
FINISH_LEAVES_WITHIN = timedelta(minutes=1)
"""Of the moment that is written down as the finish's."""
PUBLISHED_WITHIN = timedelta(hours=6)
"""After the upload; a video that is ready and still not published then was kept as a draft.

Long, because it covers the processing: when a video became ready Meta does not say.
"""

_SITE = "https://www.facebook.com"
_LINK = re.compile(
    r"(?:https://(?:[a-z0-9-]+\.)*facebook\.com)?/[\w.~%-][\w.~%/?=&-]*", flags=re.ASCII
)
"""A path, as Meta gives it mostly, or an address of its own."""


def get_outcome(
    graph: Graph,
    credential: Credential,
    platform_id: str,
    publication: Publication,
    uploaded_at: datetime | None,
) -> Outcome:
    """One call. Raises `PlatformUnavailable` (`not_there_yet`) for a video yet to appear."""
    age = None if uploaded_at is None else datetime.now(UTC) - uploaded_at
    try:
        node = graph.call(
            "GET",
            platform_id,
            credential.access_token,
            {"fields": NODE_FIELDS},
            budget=publication.account_id,
        )
    except PlatformRefusal as refusal:
        if refusal.code == "not_found":
            return _missing(age)
        # The look was refused, which says nothing about the video.
        raise PlatformUnavailable(refusal.code, refusal.sentence, reason=refusal.reason) from None
    return judge(read_status(node), platform_id, publication, age)


def judge(
    status: VideoStatus, platform_id: str, publication: Publication, age: timedelta | None
) -> Outcome:
    """What a look says; `age` is the time since the finish, None where it is not known.

    Pure but for the clock that a time of publication is held against.
    """
    now = datetime.now(UTC)
    payload, sent_at = publication.payload, now - (age or timedelta())
    intent = _find_intent(status, payload, sent_at, now)
    if _is_done(status, intent, publication.type):
        warnings = _differences(status, intent, payload, now)
        if publish_at.AT in payload and intent is not Intent.SCHEDULED:
            warnings[publish_at.WARNING] = _LATE[intent]
        return Live(address_of(status.permalink, platform_id), warnings)
    if status.fault is not None:
        return Dead(status.fault.code, status.fault.sentence)
    is_idle = status.is_ready and not status.publishing.progress.has_begun
    if is_idle and age is not None and age > PUBLISHED_WITHIN:
        return Dead(
            "left_as_draft",
            "Facebook kept the video as a draft: share it there, on the Page. "
            "Vertical videos are published as type reel.",
            is_there=True,
        )
    return Processing(None if status.is_ready else status.percent)


def address_of(permalink: str | None, platform_id: str) -> str:
    """Where the video is seen: by its link, or by its id where that is none of Facebook's."""
    is_link = permalink is not None and _LINK.fullmatch(permalink)
    return urljoin(_SITE, permalink if is_link else f"/{platform_id}")


def _find_intent(
    status: VideoStatus, payload: Mapping[str, Any], sent_at: datetime, now: datetime
) -> Intent:
    """What the finish asked for. Of a time that was close it is what the video shows."""
    late = intent_of(payload, sent_at + FINISH_LEAVES_WITHIN)
    if late is Intent.SCHEDULED or publish_at.AT not in payload:
        return late
    is_close = intent_of(payload, sent_at - FINISH_LEAVES_WITHIN) is Intent.SCHEDULED
    became_public = (
        late is Intent.DRAFT and status.is_public and publish_at.has_passed(payload, now)
    )
    return Intent.SCHEDULED if _is_scheduled(status) or (is_close and became_public) else late


_TOO_LATE = (
    "publishAt had passed, or was less than 10.5 minutes ahead, when the upload was complete, so "
    "Facebook was not asked to keep it."
)
_LATE = {
    Intent.DRAFT: f"{_TOO_LATE} The video is a draft: publish it there, on the Page.",
    Intent.PUBLISHED: f"{_TOO_LATE} The video was published at once.",
}


def _is_done(status: VideoStatus, intent: Intent, type: str) -> bool:
    match intent:
        case Intent.DRAFT:
            return status.is_ready
        case Intent.SCHEDULED if status.is_ready and _is_scheduled(status):
            return True
        case _ if type == "reel":
            complete = status.publishing.progress is Progress.COMPLETE
            return complete and status.publish_status in (None, "published")
        case _:
            return status.is_ready and status.is_public


def _is_scheduled(status: VideoStatus) -> bool:
    return status.publish_status == "scheduled" or (
        status.scheduled_at is not None and not status.is_public
    )


def _differences(
    status: VideoStatus, intent: Intent, payload: Mapping[str, Any], now: datetime
) -> dict[str, str]:
    """What is otherwise than asked, or deserves a person's eye."""
    warnings = {}
    if intent is Intent.DRAFT and status.is_public:
        warnings["privacy_differs"] = "Asked for a draft; Facebook published the video."
    if intent is Intent.SCHEDULED and status.is_public and not publish_at.has_passed(payload, now):
        warnings["privacy_differs"] = "Facebook published the video before publishAt."
    if intent is Intent.SCHEDULED and status.scheduled_at not in (None, scheduled_at(payload)):
        warnings["schedule_differs"] = "Facebook keeps another time of publication."
    if status.matches:
        warnings["copyright_match"] = "Facebook finds somebody else's content in the video."
    if status.copyright.progress is Progress.ERROR:
        warnings["copyright_unchecked"] = "Facebook's copyright check ended with an error."
    return warnings


def _missing(age: timedelta | None) -> Dead:
    if age is None or age < APPEARS_WITHIN:
        raise PlatformUnavailable("not_there_yet", "Facebook does not show the video yet.")
    return Dead("video_missing", "Facebook does not have the video: it was removed.")
