"""YouTube's rows: a resumable upload, and the three extras (facts: YouTube sections 3 and 4).

Only the last chunk makes a video, and its session repeats the final answer to whoever asks, so
almost everything is decided by the session itself. Where Google has forgotten the session, the
channel's uploads decide, by the marker that every session plants.
"""

from domain.states import PlatformName
from platforms.outcomes.table import Call, Comes, Means, Reads, Row, Then

GONE = frozenset({404, 410, 499})
"""Unknown, expired, cancelled: the statuses of a session that is no more."""

_YOUTUBE = PlatformName.YOUTUBE

SESSION = Call(
    _YOUTUBE,
    "session",
    "videos.insert: the start",
    "an upload session, for one of the project's uploads of the day",
    repeats="A session shows nothing to anybody, and one without its bytes runs out by itself.",
)
CHUNK = Call(_YOUTUBE, "chunk", "videos.insert: a chunk", "bytes that YouTube holds")
LAST_CHUNK = Call(_YOUTUBE, "last_chunk", "videos.insert: the last chunk", "the video")
THUMBNAIL = Call(
    _YOUTUBE,
    "thumbnail",
    "thumbnails.set",
    "the video's picture",
    repeats="The same picture takes the place of itself.",
)
CAPTIONS = Call(
    _YOUTUBE,
    "captions",
    "captions.insert",
    "a caption track",
    repeats="YouTube refuses a second track of the same language and name.",
)
PLAYLIST = Call(_YOUTUBE, "playlist", "playlistItems.insert", "an entry of a playlist")

_UNREACHED = "unreachable"
_OUTAGE = "platform_error"
_THROTTLED = "rate_limited"
_REFUSED = "request_rejected"
_QUOTA = "quota_exhausted"
_OPEN = "outcome_unconfirmed"

# A row is read as one line.
# fmt: off
_SESSION = (
    Row(SESSION, Comes.ANSWERED, Means.MADE, Reads.NOTHING, Then.GO_ON,
        "The session's address is stored, encrypted, before the first byte."),
    Row(SESSION, Comes.NEVER_ARRIVED, Means.UNCLEAR, Reads.NOTHING, Then.SEND_AGAIN,
        "Another session is asked for.", _UNREACHED),
    Row(SESSION, Comes.ANSWER_LOST, Means.UNCLEAR, Reads.NOTHING, Then.SEND_AGAIN,
        "The session whose address nobody knows stays empty; another is asked for.", _UNREACHED),
    Row(SESSION, Comes.OUTAGE, Means.UNCLEAR, Reads.NOTHING, Then.SEND_AGAIN,
        "Another session is asked for, after the pause that YouTube names, or ours.", _OUTAGE),
    Row(SESSION, Comes.IS_THERE, Means.NOT_MADE, Reads.NOTHING, Then.SEND_AGAIN,
        "409 alreadyExists to a start is a mistake of YouTube's, who has no key "
        "to know it by.", "already_exists"),
    Row(SESSION, Comes.THROTTLED, Means.NOT_MADE, Reads.NOTHING, Then.SEND_AGAIN,
        "It passes in a moment.", _THROTTLED),
    Row(SESSION, Comes.BUDGET_EMPTY, Means.NOT_MADE, Reads.NOTHING, Then.WAIT_FOR_BUDGET,
        "The uploads of the day are spent; the budget is full again "
        "at midnight Pacific.", "uploads_per_day_exhausted"),
    Row(SESSION, Comes.TOKEN_REJECTED, Means.NOT_MADE, Reads.NOTHING, Then.SEND_AGAIN,
        "The token is refreshed, and the session asked for with the new one."),
    Row(SESSION, Comes.REFUSED, Means.NOT_MADE, Reads.NOTHING, Then.FAIL,
        "YouTube judges the metadata here, before any byte; the payload has to change.", _REFUSED),
    Row(SESSION, Comes.KILLED_AFTER, Means.UNCLEAR, Reads.NOTHING, Then.SEND_AGAIN,
        "The address was not stored, so no byte can have been sent to it."),
)

_CHUNK = (
    Row(CHUNK, Comes.ANSWERED, Means.MADE, Reads.NOTHING, Then.GO_ON,
        "308: the next chunk begins where the Range of the answer ends."),
    Row(CHUNK, Comes.LATE, Means.MADE, Reads.NOTHING, Then.GO_ON,
        "An answer is waited for, five minutes at most; after that there was none."),
    Row(CHUNK, Comes.NEVER_ARRIVED, Means.UNCLEAR, Reads.SESSION, Then.GO_ON,
        "The session says how much it holds, and the bytes behind that are sent."),
    Row(CHUNK, Comes.CUT, Means.UNCLEAR, Reads.SESSION, Then.GO_ON,
        "Whole multiples of 256 KiB are kept of what arrived; the rest is sent again."),
    Row(CHUNK, Comes.ANSWER_LOST, Means.UNCLEAR, Reads.SESSION, Then.GO_ON,
        "The session holds the whole chunk, so no byte of it is sent twice."),
    Row(CHUNK, Comes.OUTAGE, Means.UNCLEAR, Reads.SESSION, Then.GO_ON,
        "What of the chunk was kept only the session can tell."),
    Row(CHUNK, Comes.HTML, Means.UNCLEAR, Reads.SESSION, Then.GO_ON,
        "Whoever wrote the page, it is not the session's word."),
    Row(CHUNK, Comes.THROTTLED, Means.UNCLEAR, Reads.SESSION, Then.GO_ON,
        "After the pause that YouTube names, or ours."),
    Row(CHUNK, Comes.BUDGET_EMPTY, Means.UNCLEAR, Reads.SESSION, Then.WAIT_FOR_BUDGET,
        "The session stays open meanwhile, and is asked first when the wait is over.", _QUOTA),
    Row(CHUNK, Comes.TOKEN_REJECTED, Means.UNCLEAR, Reads.SESSION, Then.GO_ON,
        "The token is refreshed; a 401 may come in the middle of a body."),
    Row(CHUNK, Comes.REFUSED, Means.NOT_MADE, Reads.NOTHING, Then.FAIL,
        "A file that is not whole is no video. The session is given up.", _REFUSED),
    Row(CHUNK, Comes.KEPT_LESS, Means.NOT_MADE, Reads.NOTHING, Then.GO_ON,
        "The answer itself names the offset, and it is obeyed, also backwards."),
    Row(CHUNK, Comes.LOST, Means.NOT_MADE, Reads.NOTHING, Then.OPEN_ANOTHER,
        "The last chunk has never left us, so no video can be there: the file "
        "begins anew.", "session_lost"),
    Row(CHUNK, Comes.KILLED_AFTER, Means.UNCLEAR, Reads.SESSION, Then.GO_ON,
        "Whoever comes next finds the stored address and asks it."),
)

_LAST_CHUNK = (
    Row(LAST_CHUNK, Comes.ANSWERED, Means.MADE, Reads.NOTHING, Then.DONE,
        "200 or 201 with the video's id."),
    Row(LAST_CHUNK, Comes.LATE, Means.MADE, Reads.NOTHING, Then.DONE,
        "The last answer of a large file is slow; it is waited for, five minutes at most."),
    Row(LAST_CHUNK, Comes.NEVER_ARRIVED, Means.UNCLEAR, Reads.SESSION, Then.SEND_AGAIN,
        "The session says 308 and where it stands: the video was not made."),
    Row(LAST_CHUNK, Comes.CUT, Means.UNCLEAR, Reads.SESSION, Then.SEND_AGAIN,
        "The session says 308 and where it stands: the video was not made."),
    Row(LAST_CHUNK, Comes.ANSWER_LOST, Means.UNCLEAR, Reads.SESSION, Then.DONE,
        "The session repeats the answer that was lost."),
    Row(LAST_CHUNK, Comes.OUTAGE, Means.UNCLEAR, Reads.SESSION, Then.SEND_AGAIN,
        "The session says 308 and where it stands: the video was not made."),
    Row(LAST_CHUNK, Comes.HTML, Means.UNCLEAR, Reads.SESSION, Then.SEND_AGAIN,
        "Whoever wrote the page, it is not the session's word."),
    Row(LAST_CHUNK, Comes.WORKED_ANYWAY, Means.UNCLEAR, Reads.SESSION, Then.DONE,
        "No error to the last chunk is believed, be it 4xx or 5xx, before the session is asked."),
    Row(LAST_CHUNK, Comes.THROTTLED, Means.UNCLEAR, Reads.SESSION, Then.SEND_AGAIN,
        "The session is asked after the pause that YouTube names, or ours."),
    Row(LAST_CHUNK, Comes.BUDGET_EMPTY, Means.UNCLEAR, Reads.SESSION, Then.WAIT_FOR_BUDGET,
        "The session stays open meanwhile, and is asked first when the wait is over.", _QUOTA),
    Row(LAST_CHUNK, Comes.TOKEN_REJECTED, Means.UNCLEAR, Reads.SESSION, Then.SEND_AGAIN,
        "The token is refreshed, and the session asked with the new one."),
    Row(LAST_CHUNK, Comes.REFUSED, Means.UNCLEAR, Reads.SESSION, Then.FAIL,
        "The session agrees: it holds less than the file, or repeats the refusal.", _REFUSED),
    Row(LAST_CHUNK, Comes.KEPT_LESS, Means.NOT_MADE, Reads.NOTHING, Then.SEND_AGAIN,
        "308 to the last chunk names the offset to go on from; a finished file has another "
        "answer."),
    Row(LAST_CHUNK, Comes.UNCONFIRMED, Means.UNCLEAR, Reads.SESSION, Then.DONE,
        "308 with every byte: nothing is left to send, so the session is asked until it "
        "tells.", _OPEN),
    Row(LAST_CHUNK, Comes.LOST, Means.UNCLEAR, Reads.LISTING, Then.OPEN_ANOTHER,
        "A session is forgotten after its end, too. Only when the channel's uploads have "
        "gone without the marker for days the file begins anew.", _OPEN),
    Row(LAST_CHUNK, Comes.LOST_AFTER, Means.UNCLEAR, Reads.LISTING, Then.DONE,
        "The video with our marker is among the channel's uploads."),
    Row(LAST_CHUNK, Comes.KILLED_BEFORE, Means.UNCLEAR, Reads.SESSION, Then.SEND_AGAIN,
        "That it was about to leave is stored, so whoever comes next asks first."),
    Row(LAST_CHUNK, Comes.KILLED_AFTER, Means.UNCLEAR, Reads.SESSION, Then.DONE,
        "The session repeats its answer to whoever comes next."),
)
# fmt: on


def _extra(call: Call, reads: Reads, *, again: str, shows: Then, there: str) -> tuple[Row, ...]:
    """The rows of an extra step; `shows` is what follows a call that worked and did not say so."""
    sent_again = Then.SEND_AGAIN
    # fmt: off
    return (
        Row(call, Comes.ANSWERED, Means.MADE, Reads.NOTHING, Then.DONE,
            "The step is done."),
        Row(call, Comes.NEVER_ARRIVED, Means.UNCLEAR, reads, sent_again,
            again, _UNREACHED),
        Row(call, Comes.ANSWER_LOST, Means.UNCLEAR, reads, shows,
            there, _UNREACHED),
        Row(call, Comes.OUTAGE, Means.UNCLEAR, reads, sent_again,
            again, _OUTAGE),
        Row(call, Comes.THROTTLED, Means.NOT_MADE, reads, sent_again,
            again, _THROTTLED),
        Row(call, Comes.BUDGET_EMPTY, Means.NOT_MADE, reads, Then.WAIT_FOR_BUDGET,
            "The video is live meanwhile; the step waits.", _QUOTA),
        Row(call, Comes.TOKEN_REJECTED, Means.NOT_MADE, reads, sent_again,
            "The token is refreshed, and the step done with the new one."),
        Row(call, Comes.REFUSED, Means.NOT_MADE, Reads.NOTHING, Then.FAIL,
            "The step fails; the video stays published, with a warning.", _REFUSED),
        Row(call, Comes.KILLED_AFTER, Means.UNCLEAR, reads, shows,
            there),
    )
    # fmt: on


# fmt: off
_THUMBNAIL = _extra(
    THUMBNAIL,
    Reads.NOTHING,
    again="The picture is set again.",
    shows=Then.SEND_AGAIN,
    there="The picture is set again, and is the same.",
)
_CAPTIONS = (
    *_extra(
        CAPTIONS,
        Reads.NOTHING,
        again="The track is sent again.",
        shows=Then.SEND_AGAIN,
        there="The track is sent again; YouTube says that it is there.",
    ),
    Row(CAPTIONS, Comes.IS_THERE, Means.MADE, Reads.NOTHING, Then.DONE,
        "409 captionExists: an earlier call of ours has worked, or a person was faster."),
)
_PLAYLIST = (
    *_extra(
        PLAYLIST,
        Reads.PLAYLIST,
        again="The playlist does not have the video: it is added.",
        shows=Then.DONE,
        there="The playlist has the video.",
    ),
    Row(PLAYLIST, Comes.IS_THERE, Means.MADE, Reads.NOTHING, Then.DONE,
        "409 videoAlreadyInPlaylist; but it is not refused everywhere, hence the look."),
)
# fmt: on

ROWS = (*_SESSION, *_CHUNK, *_LAST_CHUNK, *_THUMBNAIL, *_CAPTIONS, *_PLAYLIST)
