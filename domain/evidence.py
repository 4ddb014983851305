"""What is kept of an upload, so that anyone can see later why it is believed to be there once.

Each entry is one observation: what left us, what the platform said, what was read to decide.
The entries of an assignment in their order are its evidence; none is ever changed, and none
holds a secret. They outlive Temporal's history, because they lie in our own database.
"""

from enum import StrEnum


class EvidenceKind(StrEnum):
    """What was observed. The comment names what an entry says beside its moment."""

    SESSION_OPENED = "session_opened"  # videoId, where the platform names the video beforehand
    CONFIRMED = "confirmed"  # offsets: the platform holds so many bytes; the sha256 of a range
    ASKED = "asked"  # told, offset: what the platform said to a question that sends nothing
    FINISH_SENT = "finish_sent"  # the request that may complete the upload is about to leave
    ANSWERED = "answered"  # told, status, code: the answer to a request, or that there was none
    STOPPED = "stopped"  # code: why this run of the transfer went no further
    SESSION_LOST = "session_lost"  # mayExist: whether it may have made a video before
    RECONCILED = "reconciled"  # told, platformId: what the account's own list of videos said
    SESSION_DISCARDED = "session_discarded"  # given up by us, at the platform and here
    FORCED = "forced"  # reason: a person ordered to send anew while the outcome was unclear
    IDENTIFIED = "identified"  # platformId, knownBy; sha256 of everything that was sent
