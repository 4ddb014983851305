"""The operations of Google, and the kinds of fault that they carry out themselves."""

from emulator.faults import AFTER_BYTES, HTML, PACE, REASON, RETRY_AFTER, STATUS, Kind, Option
from emulator.fields import Field
from emulator.google.youtube.quota import UNITS

_UPLOADS = ("videos.insert", "thumbnails.set", "captions.insert", "captions.update")
_OAUTH = (
    "oauth.authorize",
    "oauth.decide",
    "oauth.token.exchange",
    "oauth.token.refresh",
    "oauth.revoke",
    "oauth.userinfo",
    "oauth.tokeninfo",
    "oauth.discovery",
    "oauth.certs",
)
_API = (
    *UNITS,
    "search.list",
    "videos.insert.start",
    "videos.insert.simple",
    *(f"{name}.{step}" for name in _UPLOADS for step in ("transfer", "status", "cancel")),
)
_PAGES = ("pictures", "watch", "discovery.rest", "discovery.list")
OPERATIONS = frozenset({*_OAUTH, *_API, *_PAGES})

_TRANSFERS = tuple(f"{name}.transfer" for name in _UPLOADS)
_QUESTIONS = tuple(f"{name}.status" for name in _UPLOADS)
_INSERTS = ("videos.insert.start", "videos.insert.simple")
_FATED = (*_INSERTS, "videos.insert.transfer", "videos.insert.status", "videos.list")
_OF_BYTES = AFTER_BYTES.only(*_TRANSFERS)
_REFUSAL = (RETRY_AFTER, _OF_BYTES)
_AFTER_FINISH = Option(
    Field("after_finish", "boolean", "The video is made first, and then the session is lost.")
)

KINDS = (
    Kind(
        "unauthorized",
        "Refuses the token: 401 authError; the token endpoint answers 400 invalid_grant.",
        (*_API, "oauth.token.exchange", "oauth.token.refresh"),
        (RETRY_AFTER.only(*_API), _OF_BYTES),
    ),
    Kind(
        "revoke_grant",
        "Ends the grant of the token, as if its person had removed the app, and refuses the call.",
        (*_API, "oauth.token.refresh"),
        (_OF_BYTES,),
    ),
    Kind("rate_limited", "429 rateLimitExceeded: too many queries per minute.", _API, _REFUSAL),
    Kind("daily_limit", "429 rateLimitExceeded: the uploads of the day are used.", _API, _REFUSAL),
    Kind("quota_exceeded", "403 quotaExceeded: the units of the day are used.", _API, _REFUSAL),
    Kind(
        "upload_limit",
        "400 uploadLimitExceeded: the channel has uploaded as much as it may.",
        _API,
        _REFUSAL,
    ),
    Kind(
        "already_exists",
        "409: what the call would make is there already.",
        (*_INSERTS, "captions.insert", "playlistItems.insert"),
    ),
    Kind(
        "not_found_yet",
        "The video cannot be found yet.",
        ("videos.list", "captions.*", "thumbnails.set", "playlistItems.*"),
    ),
    Kind("no_file_details", "Leaves the part fileDetails out.", ("videos.list",)),
    Kind(
        "session_lost",
        "Forgets the session of the upload.",
        (*_TRANSFERS, *_QUESTIONS, "*.cancel"),
        (STATUS, _OF_BYTES, _AFTER_FINISH.only(*_TRANSFERS)),
    ),
    Kind(
        "stall",
        "Answers 308 without having kept the bytes of the call.",
        _TRANSFERS,
        (AFTER_BYTES,),
    ),
    Kind(
        "trickle",
        "Takes the file slowly.",
        (*_TRANSFERS, "videos.insert.simple"),
        (PACE.needed(),),
    ),
    Kind(
        "hold_back",
        "Keeps every byte and makes no video of them yet.",
        (*_TRANSFERS, *_QUESTIONS),
    ),
    Kind(
        "status_after",
        "Takes the last byte, makes the video, and answers with a status of the front end.",
        _TRANSFERS,
        (STATUS, RETRY_AFTER, HTML),
    ),
    Kind("processing_fails", "Processing of the video ends as failed.", _FATED, (REASON,)),
    Kind("processing_rejects", "Processing ends with the video rejected.", _FATED, (REASON,)),
    Kind("processing_stuck", "Processing of the video never ends.", _FATED),
    Kind("processing_terminated", "Processing of the video is terminated.", _FATED),
    Kind("private_lock", "The video is private, whatever was asked for.", _FATED),
)
"""Each kind with what it does, its operations, and its options."""
