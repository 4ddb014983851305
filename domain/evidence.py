"""What is kept of an upload, so that anyone can see later why it is believed to be there once.

Each entry is one observation: what left us, what the platform said, what was read to decide.
The entries of an assignment in their order are its evidence; what an entry says is never changed,
only how often it was seen, and none holds a secret. They outlive Temporal's history, because they
lie in our own database.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class EvidenceKind(StrEnum):
    """What was observed. The comment names what an entry says beside its moment.

    An answer tells `told`, `status`, and where they are known `offset`, `platformId`, `code` (our
    word for an error) and `reason` (the platform's). What failed here tells `code`, `reason`,
    `during`, and `error`, which is the error's sentence.
    """

    SESSION_OPENED = "session_opened"  # videoId, where the platform names the video beforehand
    CONFIRMED = "confirmed"  # offsets: the platform holds so many bytes
    ASKED = "asked"  # what an answer told, to a question that sends nothing
    FINISH_SENT = "finish_sent"  # the request that may complete the upload is about to leave
    ANSWERED = "answered"  # to: what was sent, and what its answer told
    STOPPED = "stopped"  # why this run of the transfer went no further
    SESSION_LOST = "session_lost"  # mayExist: whether it may have made a video before
    RECONCILED = "reconciled"  # told, platformId: what the account's own list of videos said
    READ_BACK = "read_back"  # told, platformId, since, candidates: after a restore, the same list
    SESSION_DISCARDED = "session_discarded"  # given up by us, at the platform and here
    FORCED = "forced"  # reason: a person ended the reading of an unclear outcome
    IDENTIFIED = "identified"  # platformId, knownBy; proof, and the sha256 if it is known by then
    STEP = "step"  # step, told: an extra step is done; it, or a look at the processing, failed
    WORKFLOW_LOST = "workflow_lost"  # how, since: the workflow was gone, and another continues


class Loss(StrEnum):
    """What became of a workflow that was to run. `since` of the evidence is the moment of it.

    Of a workflow that Temporal does not know it is the last time that the row was written.
    """

    TERMINATED = "terminated"  # by an operator, or by Temporal
    TIMED_OUT = "timed_out"
    MISSING = "missing"  # Temporal does not know it
    FAILED = "failed"
    CANCELLED = "cancelled"
    COMPLETED = "completed"  # it ended, and the row does not say so


class During(StrEnum):
    """What was tried when something failed."""

    CREDENTIAL = "credential"  # to have one that the platform accepts
    SOURCE = "source"  # to read the video, or the media of a step
    SESSION = "session"  # to open the upload session
    BYTES = "bytes"  # to send them, and to learn how many arrived
    FINISH = "finish"  # to complete the upload, and to learn whether it is
    LOOK = "look"  # to learn what an earlier run has left at the platform


class Sent(StrEnum):
    """What a request carried."""

    QUESTION = "question"  # nothing: it asks what the platform has
    BYTES = "bytes"
    FINISH = "finish"  # with bytes or without: the platform may complete the upload on it


class Told(StrEnum):
    """What an answer meant."""

    HELD = "held"  # the platform holds so many bytes, and the upload goes on
    FINISHED = "finished"  # it made the video of them, or did the step
    UNCLEAR = "unclear"  # an answer that decides nothing: it is asked again
    ERROR = "error"  # an error, which the code names
    NOTHING = "nothing"  # there was no answer
    ABSENT = "absent"  # what was looked for is not on the account's list


_MAY_REPEAT = (
    EvidenceKind.ASKED,
    EvidenceKind.ANSWERED,
    EvidenceKind.STOPPED,
    EvidenceKind.RECONCILED,
    EvidenceKind.READ_BACK,
    EvidenceKind.STEP,
    EvidenceKind.WORKFLOW_LOST,
)
"""What an outage leaves over and over: what was asked, what came of it, and why a run ended."""


def is_news(kind: EvidenceKind, data: Mapping[str, Any]) -> bool:
    """True where the upload itself went on: each such entry stands for itself.

    Between two of them, what is seen again in the same words tells nothing new.
    """
    return kind not in _MAY_REPEAT or data.get("told") == Told.FINISHED


class Proof(StrEnum):
    """How the bytes that were sent are known to be those that the SHA-256 is of."""

    SHA256 = "sha256"  # the upload's own bytes were hashed as they left
    BLOCKS = "blocks"  # their block sums are those of the read that gave the SHA-256
    PARTIAL = "partial"  # block sums of a part of them are known, or the SHA-256 is not
    NONE = "none"


def proof_by_sums(summed: int, size: int, sha256: str | None) -> Proof:
    """What block sums prove of `size` bytes, the first `summed` of which have those of the video.

    `sha256` of the video: once it is known, it also counts for what was sent before.
    """
    if summed < size or sha256 is None:
        return Proof.PARTIAL if summed else Proof.NONE
    return Proof.BLOCKS
