"""What happened to an assignment, and what that proves."""

from datetime import datetime
from typing import Any

from pydantic import Field

from api.schemas.base import Answer, Page, example
from domain.evidence import Proof
from domain.states import AssignmentState, KnownBy

_SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_ANSWER = {
    "at": "2026-11-22T12:03:08.120000Z",
    "sentence": "YouTube was asked what it has: everything, and the video is dQw4w9WgXcQ.",
}
_ITEM = {
    "at": "2026-11-22T12:03:08.120000Z",
    "attempt": 1,
    "kind": "asked",
    "sentence": _ANSWER["sentence"],
    "data": {"told": "finished", "status": 200, "platformId": "dQw4w9WgXcQ"},
    "times": 1,
    "latestAt": "2026-11-22T12:03:08.120000Z",
}
_EVIDENCE = {
    "sessionsOpened": 1,
    "finishesSent": 1,
    "confirmedBytes": 41943040,
    "totalBytes": 41943040,
    "readBacks": 1,
    "reconciliations": 0,
    "lastAnswer": _ANSWER,
    "platformId": "dQw4w9WgXcQ",
    "knownBy": "read_back",
    "proof": "sha256",
    "sha256": _SHA256,
}


class AnswerView(Answer):
    model_config = example(**_ANSWER)

    at: datetime
    sentence: str


class EvidenceView(Answer):
    """What the observations of all attempts come to."""

    model_config = example(**_EVIDENCE)

    sessions_opened: int
    finishes_sent: int = Field(
        description="Requests that may have completed the upload. Each but the first was preceded "
        "by a read which proved that none before it had, or by a person's order, which is then "
        "among the items."
    )
    confirmed_bytes: int = Field(description="By the platform's last word.")
    total_bytes: int
    read_backs: int = Field(description="How often the platform was asked what it has.")
    reconciliations: int = Field(description="How often the account's own videos were read.")
    last_answer: AnswerView | None
    platform_id: str | None
    known_by: KnownBy | None
    proof: Proof = Field(
        description="How the bytes that were sent are known. `sha256`: they were hashed as they "
        "left. `blocks`: the sums of their blocks (xxh3-64 of 8 MiB each) equal those of the read "
        "that gave the SHA-256. `partial`: sums of a part of them are known, or of all, and no "
        "read has given a SHA-256 yet; it may become `blocks` later. `none`: nothing is known."
    )
    sha256: str | None = Field(
        description="Hex, of all bytes that were sent; with the proofs `sha256` and `blocks`."
    )


class TimelineItem(Answer):
    model_config = example(**_ITEM)

    at: datetime
    attempt: int
    kind: str = Field(description="The type of an event, or of an observation.")
    sentence: str
    data: dict[str, Any]
    times: int = Field(
        description="How often it was seen. What says the same as an earlier item, and the upload "
        "did not go on in between, is counted there: so an outage of days is a few items."
    )
    latest_at: datetime = Field(description="When it was seen last; `at` is the first time.")


class TimelineView(Page):
    model_config = example(
        assignmentId="01a21238-d23d-7988-97a6-b5c4d3e2f100",
        state="published",
        sentence="It is published: https://www.youtube.com/watch?v=dQw4w9WgXcQ",
        waitingFor=None,
        whatToDo="Nothing: it is done.",
        evidence=_EVIDENCE,
        items=[_ITEM],
        total=9,
        page=1,
        limit=50,
    )

    assignment_id: str
    state: AssignmentState
    sentence: str = Field(description="How it stands.")
    waiting_for: str | None
    what_to_do: str
    evidence: EvidenceView
    items: list[TimelineItem] = Field(
        description="Oldest first. What is added while the upload runs comes last; what is only "
        "seen once more keeps its place."
    )
