"""The table of Google's reasons: what each means, and what helps.

The list follows the facts (YouTube section 5.2). A reason that has no rule is judged by its
HTTP status, `forbidden` among them, since Google puts it beside reasons that say more.
"""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.errors import PlatformMisconfigured, ReauthorizationNeeded, Remedy
from platforms.rules import Rule, blip, quota, refusal

_PACIFIC = ZoneInfo("America/Los_Angeles")


def midnight_pacific(now: datetime) -> datetime:
    """When Google's daily budgets are full again: the next midnight there, in UTC."""
    tomorrow = now.astimezone(_PACIFIC).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time.min, _PACIFIC).astimezone(UTC)


def _day_later(now: datetime) -> datetime:
    return now + timedelta(days=1)


TOKEN = Rule(
    ReauthorizationNeeded, "token_rejected", "Google no longer accepts the connection's token."
)
_SCOPE = Rule(
    ReauthorizationNeeded, "scope_missing", "The connection was not granted what this needs."
)
NO_CHANNEL = Rule(
    ReauthorizationNeeded,
    "no_channel",
    "The Google account has no YouTube channel. Create one, then connect it again.",
)
_CHANNEL_CLOSED = refusal(
    "channel_closed", "The YouTube channel is closed or suspended.", remedy=Remedy.NONE
)
FORBIDDEN = refusal("forbidden", "YouTube does not allow this channel to do that.")
_METADATA = refusal("invalid_metadata", "YouTube does not accept the video's metadata.")
REQUEST = refusal("request_rejected", "YouTube does not accept the request.")
TOO_LARGE = refusal("file_too_large", "The file is larger than YouTube takes.")
_API_OFF = Rule(
    PlatformMisconfigured, "api_disabled", "The YouTube Data API is off in our Google project."
)
_UNITS_SPENT = quota(
    "quota_exhausted", "The Google project's daily quota is spent.", midnight_pacific
)
UPLOADS_SPENT = quota(
    "uploads_per_day_exhausted",
    "The Google project's uploads of the day are spent.",
    midnight_pacific,
)
RATE = blip("rate_limited", "Google asks us to slow down.")
OUTAGE = blip("platform_error", "YouTube has trouble of its own.")

RULES: dict[str, Rule] = {
    "authError": TOKEN,
    "expired": TOKEN,
    "UNAUTHENTICATED": TOKEN,
    "insufficientPermissions": _SCOPE,
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": _SCOPE,
    "youtubeSignupRequired": NO_CHANNEL,
    "authenticatedUserNotChannel": NO_CHANNEL,
    "channelNotFound": NO_CHANNEL,
    "authenticatedUserAccountClosed": _CHANNEL_CLOSED,
    "authenticatedUserAccountSuspended": _CHANNEL_CLOSED,
    "channelClosed": _CHANNEL_CLOSED,
    "channelSuspended": _CHANNEL_CLOSED,
    "accountDelegationForbidden": FORBIDDEN,
    "forbiddenPrivacySetting": refusal(
        "forbidden_privacy", "This channel may not use that privacy.", "privacy"
    ),
    "forbiddenLicenseSetting": refusal(
        "forbidden_license", "This channel may not use that license.", "license"
    ),
    "forbiddenEmbedSetting": refusal(
        "forbidden_embeddable", "This channel may not set that.", "embeddable"
    ),
    "accessNotConfigured": _API_OFF,
    "SERVICE_DISABLED": _API_OFF,
    "sslRequired": Rule(PlatformMisconfigured, "ssl_required", "Google is called without TLS."),
    "keyInvalid": Rule(PlatformMisconfigured, "key_invalid", "Google does not know our API key."),
    "quotaExceeded": _UNITS_SPENT,
    "dailyLimitExceeded": _UNITS_SPENT,
    "uploadLimitExceeded": quota(
        "channel_upload_limit", "The channel has reached YouTube's uploads of a day.", _day_later
    ),
    "uploadRateLimitExceeded": quota(
        "thumbnail_limit", "The channel has reached YouTube's thumbnails of a day.", _day_later
    ),
    "rateLimitExceeded": RATE,
    "RATE_LIMIT_EXCEEDED": RATE,
    "userRateLimitExceeded": RATE,
    "servingLimitExceeded": RATE,
    "invalidTitle": refusal("invalid_title", "YouTube does not accept the title.", "title"),
    "invalidDescription": refusal(
        "invalid_description", "YouTube does not accept the description.", "description"
    ),
    "invalidTags": refusal("invalid_tags", "YouTube does not accept the tags.", "tags"),
    "invalidCategoryId": refusal(
        "invalid_category", "YouTube has no such category to assign.", "categoryId"
    ),
    "invalidPublishAt": refusal(
        "invalid_publish_at", "YouTube does not accept the time of publication.", "publishAt"
    ),
    "defaultLanguageNotSet": refusal("language_missing", "A language is needed.", "language"),
    "invalidFilename": _METADATA,
    "invalidRecordingDetails": _METADATA,
    "invalidVideoGameRating": _METADATA,
    "invalidVideoMetadata": _METADATA,
    "uploadTooLarge": TOO_LARGE,
    "mediaBodyRequired": refusal("media_missing", "The file came to YouTube empty."),
    "invalidImage": refusal(
        "invalid_thumbnail", "YouTube does not accept the image.", "thumbnailUrl"
    ),
    "failedPrecondition": refusal(
        "thumbnail_refused",
        "The image is too large, or the channel has no verified phone number.",
        "thumbnailUrl",
    ),
    "captionExists": refusal("caption_exists", "These captions are there already."),
    "videoAlreadyInPlaylist": refusal("already_in_playlist", "The video is there already."),
    "playlistContainsMaximumNumberOfVideos": refusal(
        "playlist_full", "The playlist is full.", "playlistIds"
    ),
    "playlistNotFound": refusal(
        "playlist_not_found", "The channel has no such playlist.", "playlistIds"
    ),
    "videoNotFound": refusal("video_missing", "YouTube does not have the video.", None),
    "alreadyExists": blip("already_exists", "YouTube mistook the request for an earlier one."),
    "internalError": OUTAGE,
    "backendError": OUTAGE,
    "notReady": OUTAGE,
}
"""Google's reason → what it means (facts: YouTube section 5.2)."""

STATUSES: dict[int, Rule] = {
    401: TOKEN,
    403: FORBIDDEN,
    404: refusal("not_found", "YouTube does not have it."),
    408: OUTAGE,
    409: RULES["alreadyExists"],
    413: TOO_LARGE,
    429: RATE,
}
"""HTTP status → what it means where no reason says more."""
