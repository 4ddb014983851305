"""When a video may become public: what each edge accepts, turned into a plan.

Videos say `published` and perhaps `scheduled_publish_time`, 10 minutes to 6 months ahead
and only for an unpublished post; Reels say `video_state`, and 29 days at most (facts:
Facebook sections 2 (a) and (c)).
"""

from datetime import datetime

from emulator.meta.graph.errors import GraphError, graph_error, missing_parameter
from emulator.meta.graph.params import Params
from emulator.meta.publishing.library import Intent, Plan

MINUTE, DAY = 60, 86400
SOONEST = 10 * MINUTE
LATEST_VIDEO = 183 * DAY
LATEST_REEL = 29 * DAY

_CONTENT_TYPES = {"SCHEDULED": Intent.SCHEDULED, "DRAFT": Intent.DRAFT}
_STATES = {
    "PUBLISHED": Intent.PUBLISHED,
    "DRAFT": Intent.DRAFT,
    "SCHEDULED": Intent.SCHEDULED,
}


def video_plan(params: Params, now: float) -> Plan:
    """Return what a call wants to become of a video; published unless it says otherwise."""
    published = params.flag("published")
    moment = _moment(params)
    content_type = params.text("unpublished_content_type")
    if published is not False:
        if moment is not None:
            raise _not_on_published()
        return Plan(Intent.PUBLISHED, now)
    if content_type is not None and content_type not in _CONTENT_TYPES:
        raise graph_error("100", "(#100) Param unpublished_content_type is not supported here.")
    if moment is None:
        if _CONTENT_TYPES.get(content_type or "") is Intent.SCHEDULED:
            raise missing_parameter("scheduled_publish_time")
        return Plan(Intent.DRAFT)
    return _scheduled(moment, now, LATEST_VIDEO)


def reel_plan(params: Params, now: float) -> Plan:
    """Return what a call wants to become of a Reel."""
    state = params.text("video_state") or "PUBLISHED"
    if state not in _STATES:
        raise graph_error(
            "100", f"(#100) Param video_state must be one of {{{', '.join(_STATES)}}}"
        )
    moment = _moment(params)
    intent = _STATES[state]
    if intent is Intent.SCHEDULED:
        if moment is None:
            raise missing_parameter("scheduled_publish_time")
        return _scheduled(moment, now, LATEST_REEL)
    if moment is not None:
        raise _not_on_published()
    return Plan(intent, now if intent is Intent.PUBLISHED else 0.0)


def changed_plan(plan: Plan, params: Params, now: float, latest: int) -> Plan:
    """Return the plan of a video that a call changes; without a word of it, the same."""
    published, moment = params.flag("published"), _moment(params)
    if published:
        if moment is not None:
            raise _not_on_published()
        return plan if plan.intent is Intent.PUBLISHED else Plan(Intent.PUBLISHED, now)
    if moment is None:
        return plan
    if plan.intent is Intent.PUBLISHED:
        raise _not_on_published()
    return _scheduled(moment, now, latest)


def _scheduled(moment: float, now: float, latest: int) -> Plan:
    if not now + SOONEST <= moment <= now + latest:
        raise graph_error("100", "(#100) The specified scheduled publish time is invalid.")
    return Plan(Intent.SCHEDULED, moment)


def _moment(params: Params) -> float | None:
    text = params.text("scheduled_publish_time")
    if text is None or text.isdecimal():
        return None if text is None else float(text)
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise graph_error(
            "100", "(#100) Param scheduled_publish_time must be a valid date."
        ) from None


def _not_on_published() -> GraphError:
    return graph_error(
        "100", "(#100) You cannot specify a scheduled publish time on a published post"
    )
