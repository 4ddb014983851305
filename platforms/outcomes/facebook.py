"""Facebook's rows: a Page's video in pieces, a reel in one, and the picture.

Facebook names the video before its first byte, so after whatever was lost the video is asked by
its own id (facts: Facebook sections 2 to 4). What it says of itself comes late at times, and
none of its errors after a finish can be taken at its word: only looks that find nothing for half
a minute prove that a finish did nothing.
"""

from domain.states import PlatformName
from platforms.outcomes.table import Call, Comes, Means, Reads, Row, Then

_FACEBOOK = PlatformName.FACEBOOK

SESSION = Call(
    _FACEBOOK,
    "session",
    "videos and video_reels: upload_phase=start",
    "an upload session, and the id of the video",
    repeats="A session shows nothing to anybody, and Facebook forgets one that is left alone.",
)
PIECE = Call(
    _FACEBOOK, "piece", "videos: upload_phase=transfer", "bytes of a video that Facebook holds"
)
REST = Call(
    _FACEBOOK, "rest", "video-upload: all that is left", "bytes of a reel that Facebook holds"
)
FINISH = Call(_FACEBOOK, "finish", "videos and video_reels: upload_phase=finish", "the video")
THUMBNAIL = Call(
    _FACEBOOK,
    "thumbnail",
    "thumbnails",
    "the video's picture",
    repeats="The newest preferred picture is shown, and it is the same.",
)

_UNREACHED = "unreachable"
_OUTAGE = "platform_error"
_NO_ANSWER = "unreadable_answer"
_THROTTLED = "rate_limited"
_DEAD = "token_invalid"
_OPEN = "outcome_unconfirmed"

# A row is read as one line.
# fmt: off
_SESSION = (
    Row(SESSION, Comes.ANSWERED, Means.MADE, Reads.NOTHING, Then.GO_ON,
        "The session with the video's id is stored, encrypted, before the first byte."),
    Row(SESSION, Comes.NEVER_ARRIVED, Means.UNCLEAR, Reads.NOTHING, Then.SEND_AGAIN,
        "Another session is asked for.", _UNREACHED),
    Row(SESSION, Comes.ANSWER_LOST, Means.UNCLEAR, Reads.NOTHING, Then.SEND_AGAIN,
        "The session that nobody knows stays empty; another is asked for.", _UNREACHED),
    Row(SESSION, Comes.OUTAGE, Means.UNCLEAR, Reads.NOTHING, Then.SEND_AGAIN,
        "Another session is asked for, after a pause.", _OUTAGE),
    Row(SESSION, Comes.HTML, Means.UNCLEAR, Reads.NOTHING, Then.SEND_AGAIN,
        "Whoever wrote the page, it is no answer of Facebook's.", _NO_ANSWER),
    Row(SESSION, Comes.BUDGET_EMPTY, Means.NOT_MADE, Reads.NOTHING, Then.WAIT_FOR_BUDGET,
        "The calls are used up; Facebook says for how long, or we wait for a while.", _THROTTLED),
    Row(SESSION, Comes.TOKEN_REJECTED, Means.NOT_MADE, Reads.NOTHING, Then.WAIT_FOR_PERSON,
        "A Page's token cannot be refreshed: its death is the end of the consent.", _DEAD),
    Row(SESSION, Comes.REFUSED, Means.NOT_MADE, Reads.NOTHING, Then.FAIL,
        "The file will not do, before any byte of it was sent.", "file_too_small"),
    Row(SESSION, Comes.KILLED_AFTER, Means.UNCLEAR, Reads.NOTHING, Then.SEND_AGAIN,
        "The session was not stored, so no byte can have been sent to it."),
)


def _bytes(call: Call, *, again: str) -> tuple[Row, ...]:
    """The rows of a request that carries bytes, which alone makes nothing that people see."""
    return (
        Row(call, Comes.ANSWERED, Means.MADE, Reads.NOTHING, Then.GO_ON,
            "The next bytes, or the finish."),
        Row(call, Comes.LATE, Means.MADE, Reads.NOTHING, Then.GO_ON,
            "An answer is waited for, five minutes at most; after that there was none."),
        Row(call, Comes.NEVER_ARRIVED, Means.UNCLEAR, Reads.VIDEO, Then.GO_ON,
            again),
        Row(call, Comes.CUT, Means.UNCLEAR, Reads.VIDEO, Then.GO_ON,
            again),
        Row(call, Comes.ANSWER_LOST, Means.UNCLEAR, Reads.VIDEO, Then.GO_ON,
            "The video says that these bytes are there, so none is sent twice."),
        Row(call, Comes.OUTAGE, Means.UNCLEAR, Reads.VIDEO, Then.GO_ON,
            again),
        Row(call, Comes.HTML, Means.UNCLEAR, Reads.VIDEO, Then.GO_ON,
            again),
        Row(call, Comes.BUDGET_EMPTY, Means.UNCLEAR, Reads.VIDEO, Then.WAIT_FOR_BUDGET,
            "Nothing is asked meanwhile: every call prolongs it. Then the video is.", _THROTTLED),
        Row(call, Comes.TOKEN_REJECTED, Means.UNCLEAR, Reads.VIDEO, Then.WAIT_FOR_PERSON,
            "The session stays open; the video is asked with the new token.", _DEAD),
        Row(call, Comes.LOST, Means.UNCLEAR, Reads.VIDEO, Then.OPEN_ANOTHER,
            "Facebook does not know the video any more, and no finish has left "
            "us: the file begins anew.", "session_lost"),
        Row(call, Comes.KILLED_AFTER, Means.UNCLEAR, Reads.VIDEO, Then.GO_ON,
            "Whoever comes next finds the stored session and asks the video."),
    )


_PIECE = (
    *_bytes(PIECE, again="The video says how much it has. A piece is kept whole or not at all."),
    Row(PIECE, Comes.REFUSED, Means.UNCLEAR, Reads.VIDEO, Then.FAIL,
        "Where the video does not say otherwise, the refusal stands.", "format_unsupported"),
    Row(PIECE, Comes.KEPT_LESS, Means.NOT_MADE, Reads.NOTHING, Then.GO_ON,
        "The answer itself names the range that is wanted, and it is obeyed."),
)
_REST = (
    *_bytes(REST, again="The video says how much it has; what had arrived was kept."),
    Row(REST, Comes.REFUSED, Means.UNCLEAR, Reads.VIDEO, Then.FAIL,
        "Where the video does not say otherwise, the refusal stands.", "request_rejected"),
    Row(REST, Comes.KEPT_LESS, Means.UNCLEAR, Reads.VIDEO, Then.GO_ON,
        "The upload host has an error for it and no offset; the video says how much it has."),
)

_FINISH = (
    Row(FINISH, Comes.ANSWERED, Means.MADE, Reads.NOTHING, Then.DONE,
        "success: true, and nothing else, is the plain acknowledgement."),
    Row(FINISH, Comes.LATE, Means.MADE, Reads.NOTHING, Then.DONE,
        "An answer is waited for, five minutes at most; after that there was none."),
    Row(FINISH, Comes.NEVER_ARRIVED, Means.UNCLEAR, Reads.VIDEO, Then.SEND_AGAIN,
        "Looks for half a minute find nothing of it; then it is sent again."),
    Row(FINISH, Comes.ANSWER_LOST, Means.UNCLEAR, Reads.VIDEO, Then.DONE,
        "The video shows the finish, or the work that follows one."),
    Row(FINISH, Comes.WORKED_LATE, Means.UNCLEAR, Reads.VIDEO, Then.DONE,
        "One of the later looks finds it; that is why there are several."),
    Row(FINISH, Comes.OUTAGE, Means.UNCLEAR, Reads.VIDEO, Then.SEND_AGAIN,
        "Looks for half a minute find nothing of it; then it is sent again."),
    Row(FINISH, Comes.HTML, Means.UNCLEAR, Reads.VIDEO, Then.SEND_AGAIN,
        "Looks for half a minute find nothing of it; then it is sent again."),
    Row(FINISH, Comes.WORKED_ANYWAY, Means.UNCLEAR, Reads.VIDEO, Then.DONE,
        "No error after a finish is believed before the video was looked at."),
    Row(FINISH, Comes.IS_THERE, Means.UNCLEAR, Reads.VIDEO, Then.DONE,
        "506 judges the content: what it takes for the original may be this very video."),
    Row(FINISH, Comes.BUDGET_EMPTY, Means.UNCLEAR, Reads.VIDEO, Then.WAIT_FOR_BUDGET,
        "It comes for videos that are live, too: one look at once, the others after "
        "the wait.", _THROTTLED),
    Row(FINISH, Comes.TOKEN_REJECTED, Means.UNCLEAR, Reads.VIDEO, Then.WAIT_FOR_PERSON,
        "One look at once, the others with the new token.", _DEAD),
    Row(FINISH, Comes.REFUSED, Means.UNCLEAR, Reads.VIDEO, Then.FAIL,
        "Believed when looks for half a minute find nothing.", "content_repeated"),
    Row(FINISH, Comes.LOST, Means.UNCLEAR, Reads.LISTING, Then.OPEN_ANOTHER,
        "Neither the video nor the Page's list shows it, for days; only then the file "
        "begins anew.", _OPEN),
    Row(FINISH, Comes.LOST_AFTER, Means.UNCLEAR, Reads.LISTING, Then.DONE,
        "The video is not shown by its id, and the Page lists it."),
    Row(FINISH, Comes.KILLED_BEFORE, Means.UNCLEAR, Reads.VIDEO, Then.SEND_AGAIN,
        "That it was about to leave is stored, so whoever comes next looks first, as often."),
    Row(FINISH, Comes.KILLED_AFTER, Means.UNCLEAR, Reads.VIDEO, Then.DONE,
        "The video shows the finish to whoever comes next."),
)

_AGAIN = "The picture is set again, and is the same."
_THUMBNAIL = (
    Row(THUMBNAIL, Comes.ANSWERED, Means.MADE, Reads.NOTHING, Then.DONE,
        "The step is done."),
    Row(THUMBNAIL, Comes.NEVER_ARRIVED, Means.UNCLEAR, Reads.NOTHING, Then.SEND_AGAIN,
        _AGAIN, _UNREACHED),
    Row(THUMBNAIL, Comes.ANSWER_LOST, Means.UNCLEAR, Reads.NOTHING, Then.SEND_AGAIN,
        _AGAIN, _UNREACHED),
    Row(THUMBNAIL, Comes.OUTAGE, Means.UNCLEAR, Reads.NOTHING, Then.SEND_AGAIN,
        _AGAIN, _OUTAGE),
    Row(THUMBNAIL, Comes.HTML, Means.UNCLEAR, Reads.NOTHING, Then.SEND_AGAIN,
        _AGAIN, _NO_ANSWER),
    Row(THUMBNAIL, Comes.BUDGET_EMPTY, Means.NOT_MADE, Reads.NOTHING, Then.WAIT_FOR_BUDGET,
        "The video is live meanwhile; the step waits.", _THROTTLED),
    Row(THUMBNAIL, Comes.TOKEN_REJECTED, Means.NOT_MADE, Reads.NOTHING, Then.WAIT_FOR_PERSON,
        "The video is live meanwhile; the step waits.", _DEAD),
    Row(THUMBNAIL, Comes.REFUSED, Means.NOT_MADE, Reads.NOTHING, Then.FAIL,
        "The step fails; the video stays published, with a warning.", "invalid_parameter"),
    Row(THUMBNAIL, Comes.KILLED_AFTER, Means.UNCLEAR, Reads.NOTHING, Then.SEND_AGAIN,
        _AGAIN),
)
# fmt: on

ROWS = (*_SESSION, *_PIECE, *_REST, *_FINISH, *_THUMBNAIL)
