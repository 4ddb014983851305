"""What can be chosen about Google, mostly where its real behaviour is not established."""

from dataclasses import dataclass


@dataclass(slots=True)
class Switches:
    """The choices, with what is most probable as the default."""

    processing_seconds: float = 1.0
    """How long a video is `uploaded` before it is `processed`; 0 is at once."""
    testing_mode: bool = False
    """The consent screen is in Testing: refresh tokens die after seven days."""
    require_bearer_on_put: bool = True
    """Calls on a session URI need a live access token too."""
    final_status: int = 201
    """How the last byte is answered: 201 says the guide, 200 is also seen."""
    session_ttl_seconds: int = 7 * 86400
    """How long a session URI lives; its real lifetime is unpublished."""
    lost_session_status: int = 404
    """How an unknown or expired session answers: 404, in the family also 410."""
    gap_status: int = 503
    """How bytes after a gap are refused; the front end of Cloud Storage says 503."""
    callback_extras: bool = True
    """`authuser` and `prompt` come with the code."""
    callback_issuer: bool = True
    """`iss` (RFC 9207) comes with the code and with an error: the issuer of the discovery page."""
    code_lifetime_seconds: int = 600
    access_token_seconds: int = 3599
    refuse_ungranted_scope_on_refresh: bool = True
    """A refresh that asks for more than was granted is 400 invalid_scope."""
    uploads_per_day: int = 100
    searches_per_day: int = 100
    """Calls of search.list in a day: a bucket of their own, as uploads have."""
    units_per_day: int = 10_000
    channel_uploads_per_day: int = 1_000_000
    """Uploads per channel in 24 hours; the real number is unpublished and small."""
    upload_bucket_status: int = 429
    """How an empty upload bucket is answered: 429 rateLimitExceeded or 403 quotaExceeded."""
    charge_at_session_start: bool = True
    """A session costs an upload when it is opened, not when it is finished."""
    text_in_utf16_units: bool = True
    """The characters of a title and of tags are UTF-16 units; false: code points."""
    playlist_takes_twice: bool = False
    """A playlist takes a video that it has already, as YouTube's own page lets people do."""
    listing_lag_seconds: float = 0.0
    """How long after its last byte a video is missing in its channel's uploads."""
    lock_uploads_private: bool = False
    """Uploads become private, as those of unverified projects did until November 2026."""
