"""The tables as a page for people, in Markdown: `docs/outcomes.md`. Pure."""

from collections.abc import Iterable
from itertools import groupby

from domain.sentences import NAMES
from platforms.outcomes import facebook, youtube
from platforms.outcomes.table import Row

ROWS = (*youtube.ROWS, *facebook.ROWS)

_ESSAY = """\
# What a call may come to

Publishing goes wrong where an answer is missing. The request has left, nothing came back, and
there are two possibilities: there is a video now, or there is none. Publishers that guess make
the complaints that users of such tools have in common: posted twice after a retry, posted again
and again by a loop, reported as failed although live, or stuck without a word. Neither Google nor
Meta offers a remedy of its own. Their publishing calls take no idempotency key: YouTube accepts
a second copy of a file without a word, and what Facebook refuses as a duplicate it has judged by
the content, which proves nothing about the call before.

So exactly once cannot be bought from a platform. What can be had, and what these tables are about:
**a request that may make a video is sent a second time only after something was read which shows
that the first made none.** What is needed for the reading is stored before the first byte leaves
(the session, on Facebook with the video's id), and that the finishing request is about to leave
is stored before it does. What cannot be decided is read again, on a growing interval; it is never
sent again blindly, unless a person orders that, with a reason which is kept.

How to read a row: *means* says what the answer alone proves, without hindsight. *Is read* is
asked before anything else is sent, and sends nothing itself. *Then* is what follows where the
reading shows what the row is about. A `code` is what the assignment, or its step, shows meanwhile
or in the end. Every row has a test that makes exactly this happen over HTTP and counts the videos.

## A time of publication that has passed

`publishAt` has the platform publish by itself. A request is accepted only if it lies ahead: on
YouTube after the moment at which the upload begins (now, or `scheduledAt`), on Facebook 10 minutes
to 180 days (a reel: 29 days) after it. The upload may begin later than that: after a quota, a
reconnection, an outage, a missing source, or the retry of an assignment that failed. What is done
then is stated, and the assignment is published with the warning `publish_at_passed`.

| when it passes | YouTube | Facebook |
|---|---|---|
| before the upload session is opened | `publishAt` is not sent, because YouTube would publish \
at once. The video is private, or public where the payload has `"ifPublishAtPassed": "public"`. \
| As in the next row: Facebook is told with the finish. |
| between the session and the last byte | The session carries it, and it cannot be changed \
there. YouTube publishes with the last byte: later than asked. | A time that is less than 10.5 \
minutes ahead at the finish is not sent. The video is a draft, or published where the payload \
has `"ifPublishAtPassed": "public"`. |
| after the last byte | The platform publishes at that time. | The platform publishes at that \
time. |

A video that a platform shows as public before its `publishAt` has the warning `privacy_differs`,
and one for which it keeps another time, or none, `schedule_differs`.

This page is printed from the tables in `platforms/outcomes/` by
`python -m platforms.outcomes > docs/outcomes.md`; a test compares the two.
"""

_ASKS_FIRST = "It is not sent again before it is known what became of it."


def render(rows: Iterable[Row]) -> str:
    """The whole page, one section for each call in the order of the rows."""
    sections = [_section(list(group)) for _, group in groupby(rows, key=lambda row: row.call)]
    return "\n".join([_ESSAY, *sections])


def _section(rows: list[Row]) -> str:
    call = rows[0].call
    lines = [
        f"## {NAMES[call.platform]}, {call.title}",
        "",
        f"Its effect: {call.makes}. {call.repeats or _ASKS_FIRST}",
        "",
        "| what comes back | means | is read | then | |",
        "|---|---|---|---|---|",
        *map(_line, rows),
        "",
    ]
    return "\n".join(lines)


def _line(row: Row) -> str:
    code = f" `{row.code}`" if row.code else ""
    return f"| {row.comes} | {row.means} | {row.reads} | **{row.then}** | {row.sentence}{code} |"
