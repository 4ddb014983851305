"""What can be chosen about Google, mostly where its real behaviour is not established."""

from dataclasses import dataclass

from emulator.switches import switch


@dataclass(slots=True)
class Switches:
    """The choices, with what is most probable as the default."""

    processing_seconds: float = switch(
        1.0, "How long a video is `uploaded` before it is `processed`; 0 is at once."
    )
    testing_mode: bool = switch(
        False, "The consent screen is in Testing: refresh tokens die after seven days."
    )
    require_bearer_on_put: bool = switch(
        True, "Calls on a session URI need a live access token too."
    )
    final_status: int = switch(
        201,
        "How the last byte is answered: 201 says the guide, 200 is also seen.",
        choices=(200, 201),
    )
    session_ttl_seconds: int = switch(
        7 * 86400, "How long a session URI lives; its real lifetime is unpublished."
    )
    lost_session_status: int = switch(
        404,
        "How an unknown or expired session answers: 404, in the family also 410.",
        choices=(404, 410),
    )
    gap_status: int = switch(
        503, "How bytes after a gap are refused; the front end of Cloud Storage says 503."
    )
    callback_extras: bool = switch(True, "`authuser` and `prompt` come with the code.")
    callback_issuer: bool = switch(
        True,
        "`iss` (RFC 9207) comes with the code and with an error: the issuer of the discovery page.",
    )
    own_issuer: bool = switch(
        False, "The issuer of tokens is the origin that was called, also under Google's names."
    )
    code_lifetime_seconds: int = switch(600, "How long an authorization code lives.")
    access_token_seconds: int = switch(3599, "How long an access token lives.")
    refuse_ungranted_scope_on_refresh: bool = switch(
        True, "A refresh that asks for more than was granted is 400 invalid_scope."
    )
    uploads_per_day: int = switch(
        100, "Uploads of the project in a day, midnight to midnight in California."
    )
    searches_per_day: int = switch(
        100, "Searches of the project in a day: a bucket of their own, as uploads have."
    )
    units_per_day: int = switch(
        10_000, "Units of the project in a day, for everything but uploads and searches."
    )
    channel_uploads_per_day: int = switch(
        1_000_000, "Uploads per channel in 24 hours; the real number is unpublished and small."
    )
    upload_bucket_status: int = switch(
        429,
        "How an empty upload bucket is answered: 429 rateLimitExceeded or 403 quotaExceeded.",
        choices=(429, 403),
    )
    charge_at_session_start: bool = switch(
        True, "A session costs an upload when it is opened, not when it is finished."
    )
    text_in_utf16_units: bool = switch(
        True, "The characters of a title and of tags are UTF-16 units; false: code points."
    )
    playlist_takes_twice: bool = switch(
        False, "A playlist takes a video that it has already, as YouTube's own page lets people do."
    )
    listing_lag_seconds: float = switch(
        0.0, "How long after its last byte a video is missing in its channel's uploads."
    )
    lock_uploads_private: bool = switch(
        False, "Uploads become private, as those of unverified projects did until November 2026."
    )
