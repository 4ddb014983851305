"""The table of Meta's error codes: what each means, and what helps.

The list follows the facts (Facebook section 4) and their notation: "code/subcode", or one
number alone. A subcode from 1000 up has one meaning whatever code it stands beside,
therefore it is listed without one. What has no rule here is judged in `errors.py`; message
text is never looked at.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from domain.errors import PlatformMisconfigured, ReauthorizationNeeded, Remedy
from platforms.rules import Rule, blip, quota, refusal


def _after(wait: timedelta) -> Callable[[datetime], datetime]:
    return lambda now: now + wait


def _person(code: str, sentence: str) -> Rule:
    return Rule(ReauthorizationNeeded, code, sentence)


def _operator(code: str, sentence: str) -> Rule:
    return Rule(PlatformMisconfigured, code, sentence)


OUTAGE = blip("platform_error", "Facebook has trouble of its own.")
REQUEST = refusal("request_rejected", "Facebook does not accept the request.")
SECRET = _operator("app_secret_rejected", "Meta does not accept our app's secret.")
_SCOPE = _person(
    "scope_missing",
    "The connection was not granted what this needs: connect again and leave all boxes ticked.",
)

# Ten minutes of a rolling hour and half an hour of a rolling day: enough for some of the budget
# to come back, and rare enough not to prolong the throttling, as calls meanwhile do.
_HOUR_BUDGET = quota(
    "rate_limited",
    "The calls that Meta allows in an hour are used up.",
    _after(timedelta(minutes=10)),
)
_DAY_BUDGET = quota(
    "rate_limited", "The Page's calls to Facebook are used up.", _after(timedelta(minutes=30))
)
# Meta gives no time for these and others wait for days; a call an hour provokes nobody.
_SLOW_DOWN = quota(
    "posting_too_fast", "Facebook finds that too much is posted.", _after(timedelta(hours=1))
)
_BLOCKED_FOR_NOW = quota(
    "temporarily_blocked", "Facebook blocks this for the time being.", _after(timedelta(hours=1))
)

DEAD = _person("token_invalid", "Meta no longer accepts the connection's token: connect again.")
_LOGGED_OUT = _person("session_invalid", "The person's session at Facebook is over: connect again.")
_SECURITY = _person(
    "security_check",
    "Facebook asks for a security check: pass it at facebook.com, then connect again.",
)
_IDENTITY = _person(
    "identity_check",
    "Facebook asks for proof of identity: give it at facebook.com, then connect again.",
)
_NOT_FOUND = refusal("not_found", "Facebook does not have it, or does not show it to us.")
CODE = refusal(
    "code_rejected",
    "Facebook does not accept the code: it was used before or is too old.",
    remedy=Remedy.RECONNECT,
)
_REDIRECT = _operator("redirect_uri_rejected", "The redirect URI is not among those of our app.")
_ABUSIVE = refusal("content_abusive", "Facebook takes the content for abusive.")
_UPLOAD = blip("upload_interrupted", "Facebook wants a piece of the video once more.")

RULES: Mapping[str, Rule] = {
    # Repeated it may be permanent, but an outage has the same code: waited out, not given up.
    "1": blip("platform_error", "Facebook has trouble that it does not explain."),
    "2": OUTAGE,
    "3": _operator("capability_missing", "Our Meta app may not make this call."),
    "4": _HOUR_BUDGET,
    # Seen after the post had gone live; whoever finishes an upload reads it back first.
    "4/2207051": _BLOCKED_FOR_NOW,
    "10": _SCOPE,
    "12": refusal("not_supported", "Facebook does not support this for such an object."),
    "17": _HOUR_BUDGET,
    "32": _DAY_BUDGET,
    # It also says "No permission to publish the video", with nothing else to tell it by: who
    # publishes looks at the token's scopes before it believes that the payload is to blame.
    "100": refusal("invalid_parameter", "Facebook does not accept something in the payload."),
    "100/GraphMethodException": SECRET,
    "100/33": _NOT_FOUND,
    "36007": CODE,
    "36008": _REDIRECT,
    "36009": CODE,
    "101": _operator("app_rejected", "Meta does not know our app: check its id."),
    "102": _LOGGED_OUT,
    "104": _operator("proof_missing", "Meta misses the token or its proof."),
    "190": DEAD,
    "190/456": DEAD,
    "190/457": DEAD,
    "190/458": _person("app_removed", "The person removed our app at Facebook: connect again."),
    "190/459": _person(
        "checkpoint",
        "Facebook wants the person to log in at facebook.com first, then connect again.",
    ),
    "190/460": _person("password_changed", "The person's password was changed: connect again."),
    "190/461": DEAD,
    "190/462": DEAD,
    "190/463": _person("token_expired", "The connection's token has expired: connect again."),
    "190/464": _person(
        "account_unconfirmed",
        "The person's account is not confirmed: confirm it at facebook.com, then connect again.",
    ),
    "190/465": DEAD,
    "190/466": DEAD,
    "190/467": _LOGGED_OUT,
    "190/468": DEAD,
    "190/490": _SECURITY,
    "190/492": _person(
        "role_lost",
        "The person has no role on the Page any more: somebody who has one must connect it.",
    ),
    "191": _REDIRECT,
    "200": _SCOPE,  # up to 299
    "341": _HOUR_BUDGET,
    "351": refusal("file_unusable", "Facebook cannot read the file."),
    "352": refusal("format_unsupported", "Facebook does not take this kind of file."),
    "353": refusal("file_missing", "The file did not arrive at Facebook."),
    "368": _BLOCKED_FOR_NOW,
    "1390008": _SLOW_DOWN,
    "4854002": _IDENTITY,
    "1404082": refusal("content_repeated", "Facebook finds that the content repeats itself."),
    "1346003": _ABUSIVE,
    "1404102": refusal("content_standards", "The content is against Facebook's standards."),
    "1404078": _person(
        "publishing_authorization",
        "The Page needs Facebook's publishing authorization: complete it at facebook.com, "
        "then connect again.",
    ),
    "1404006": _SECURITY,
    "1404112": _SECURITY,
    "382": refusal("file_too_small", "The file is smaller than Facebook takes."),
    "389": blip("file_unreachable", "Facebook cannot fetch the file.", tries=2),
    "390": blip("upload_failed", "Facebook could not take the file.", tries=2),
    # A judgement of the content and no idempotency: an earlier publish may well be live.
    "506": refusal("content_duplicate", "Facebook takes it for a copy of the last post."),
    "613": _HOUR_BUDGET,
    "1996": _HOUR_BUDGET,
    "803": _NOT_FOUND,
    "2500": _operator("proof_missing", "Meta misses the token or its proof."),
    "2635": _operator("version_unsupported", "Meta does not serve this version of the Graph API."),
    "6000": blip("file_unusable", "Facebook cannot read the file.", tries=3),
    "6001": _UPLOAD,
    "1363037": blip("offset_corrected", "Facebook wants the video from another offset."),
    "1363019": _UPLOAD,
    "1363021": _UPLOAD,
    "1363030": _UPLOAD,
    "1363033": _UPLOAD,
    "1363041": _UPLOAD,
    "1363011": blip("finish_interrupted", "Facebook did not complete the upload."),
    "1363022": refusal("file_too_small", "The file is smaller than Facebook takes."),
    "1363023": refusal("file_too_large", "The file is larger than Facebook takes."),
    "1363040": refusal("aspect_unsupported", "Facebook does not take this shape of picture."),
    "1363127": refusal("resolution_unsupported", "Facebook does not take this resolution."),
    "1363128": refusal("duration_unsupported", "Facebook does not take a video of this length."),
    "1363129": refusal("frame_rate_unsupported", "Facebook does not take this frame rate."),
    "1363042": _SCOPE,
    "1363047": OUTAGE,
    "1609010": OUTAGE,
    "1609005": refusal("link_unreadable", "Facebook cannot read a link in the text."),
    "80000": _DAY_BUDGET,
    "80001": _DAY_BUDGET,
    "80002": _DAY_BUDGET,
    "80003": _DAY_BUDGET,
    "80004": _DAY_BUDGET,
    "80005": _DAY_BUDGET,
    "80006": _DAY_BUDGET,
    "80008": _DAY_BUDGET,
    "80009": _DAY_BUDGET,
    "80014": _DAY_BUDGET,
}
"""Meta's code → what it means."""

UPLOAD_RULES: Mapping[str, Rule] = {
    "OffsetInvalidError": blip("offset_corrected", "Facebook wants the video from another offset."),
    # Called final by Meta, and yet it passes at times (facts: Facebook section 2c).
    "ProcessingFailedError": blip("upload_failed", "Facebook could not take the file.", tries=3),
    "PartialRequestError": _UPLOAD,
    "FileUrlProcessingError": refusal("file_unreachable", "Facebook cannot fetch the file."),
    "ParameterValidationError": REQUEST,
}
"""The upload host's type of error → what it means."""
