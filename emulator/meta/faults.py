"""The operations of Meta, and the kinds of fault that they carry out themselves."""

from emulator.faults import DELAY, HTML, PACE, REASON, RETRY_AFTER, STATUS, Kind, Option
from emulator.fields import Field

_LOGIN = (
    "dialog.open",
    "dialog.decide",
    "token.exchange",
    "token.extend",
    "token.app",
    "debug_token",
    "me.get",
    "me.accounts",
    "me.permissions",
    "permissions.delete",
    "page.get",
    "batch",
    "subscriptions.list",
    "subscriptions.create",
    "subscriptions.delete",
    "subscribed_apps.list",
    "subscribed_apps.create",
    "subscribed_apps.delete",
)
_PUBLISHING = (
    "page_videos.start",
    "page_videos.transfer",
    "page_videos.finish",
    "page_videos.cancel",
    "page_videos.single",
    "page_videos.list",
    "reels.start",
    "reels.transfer",
    "reels.finish",
    "reels.list",
    "video.get",
    "video.update",
    "video.delete",
    "video.thumbnails",
    "video.thumbnails.list",
    "posts.list",
    "post.get",
    "uploads.open",
    "uploads.get",
    "uploads.transfer",
)
OPERATIONS = frozenset({*_LOGIN, *_PUBLISHING, "permalink"})

_TRANSFERS = ("page_videos.transfer", "reels.transfer")
_FINISHES = ("page_videos.finish", "reels.finish")
_ERROR = Option(
    Field("reason", "text", "The error: `code`, `code/subcode` or a subcode; 2 if left out.")
)
_REGAIN = Option(
    Field("retry_after", "integer", "Seconds that the usage headers of a throttle name.", least=0)
)

KINDS = (
    Kind(
        "graph_error",
        "Refuses the call with an error of the Graph API.",
        (*_LOGIN, *_PUBLISHING),
        (_ERROR, _REGAIN),
    ),
    Kind(
        "graph_error_after",
        "Makes the video, and answers with an error of the Graph API.",
        _FINISHES,
        (_ERROR, _REGAIN),
    ),
    Kind(
        "status_after",
        "Makes the video, and answers with a status of the front end.",
        _FINISHES,
        (STATUS, RETRY_AFTER, HTML),
    ),
    Kind(
        "lose_answer_live",
        "Makes the video, public at once, and cuts the connection without an answer.",
        _FINISHES,
    ),
    Kind(
        "late_finish",
        "Cuts the connection, and makes the video some seconds later (1 if left out).",
        _FINISHES,
        (DELAY,),
    ),
    Kind("no_page_token", "Leaves the tokens of Pages out.", ("me.accounts", "page.get")),
    Kind("not_found_yet", "The video cannot be found yet.", ("video.get",)),
    Kind("session_lost", "Forgets the upload.", (*_TRANSFERS, *_FINISHES)),
    Kind("stall", "Answers success without having kept the bytes of the call.", _TRANSFERS),
    Kind(
        "trickle",
        "Takes the file slowly.",
        (*_TRANSFERS, "page_videos.single", "uploads.transfer"),
        (PACE.needed(),),
    ),
    Kind(
        "offset_loop",
        "Refuses the chunk with the range that is wanted, as if it were another one.",
        ("page_videos.transfer",),
    ),
    Kind(
        "upload_error",
        "Refuses the bytes with an error of the upload host, by its type.",
        ("reels.transfer",),
        (REASON,),
    ),
    Kind(
        "processing_error",
        "Processing of the video ends with an error.",
        _FINISHES,
        (_ERROR,),
    ),
    Kind("copyright", "The video is held back for a copyright match.", _FINISHES, (_ERROR,)),
    Kind("never_ready", "Processing of the video never ends.", _FINISHES),
    Kind("left_as_draft", "The video stays a draft, whatever was asked for.", _FINISHES),
)
"""Each kind with what it does, its operations, and its options."""
