"""The words of the tables: of one call, what comes back, what it means, what follows.

A row is one pair of a call and something that may come back of it. What it means is said
without hindsight: where a lost answer leaves two possibilities it is `UNCLEAR`, whatever
happened, and then something is read before anything is sent that could make a second video.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain.states import KnownBy, PlatformName


@dataclass(frozen=True, slots=True)
class Call:
    """A call that makes something, or costs something that is not to be wasted."""

    platform: PlatformName
    name: str
    """Stable; unique on its platform."""
    title: str
    """In the platform's own words."""
    makes: str
    """Its effect, which `Means` is about."""
    repeats: str | None = None
    """Why it may be sent again without a look; None: it may not."""


class Comes(StrEnum):
    """What comes back of a call; the last two are ours to suffer."""

    ANSWERED = "the good answer"
    LATE = "the good answer, late"
    NEVER_ARRIVED = "no answer: the request never arrived"
    CUT = "no answer: the request was cut in the middle"
    ANSWER_LOST = "no answer: it was lost on its way back"
    WORKED_LATE = "no answer, and the effect shows later"
    OUTAGE = "a 5xx"
    HTML = "a page of HTML"
    WORKED_ANYWAY = "an error, although it worked"
    IS_THERE = "“you have done that already”"
    THROTTLED = "“too many calls just now”"
    BUDGET_EMPTY = "“a budget is empty”"
    TOKEN_REJECTED = "“not with this token”"  # noqa: S105 - a phrase
    REFUSED = "a refusal"
    KEPT_LESS = "fewer bytes kept than sent"
    UNCONFIRMED = "every byte held, nothing confirmed"
    LOST = "the session is unknown; nothing was made"
    LOST_AFTER = "the session is unknown; it had worked"
    KILLED_BEFORE = "our process is killed before the request arrives"
    KILLED_AFTER = "our process is killed before it has noted the answer"


class Means(StrEnum):
    """Whether the call has had its effect, by what came back alone."""

    MADE = "made"
    NOT_MADE = "not made"
    UNCLEAR = "unclear"


class Reads(StrEnum):
    """What is asked, sending nothing, before anything else is done."""

    NOTHING = "nothing"
    SESSION = "the session: what it holds"
    VIDEO = "the video, by its id"
    LISTING = "the account's newest videos"
    PLAYLIST = "the playlist"


class Then(StrEnum):
    """What is done then."""

    DONE = "done"
    GO_ON = "go on from what is there"
    SEND_AGAIN = "send it again"
    OPEN_ANOTHER = "open another session"
    WAIT_FOR_BUDGET = "wait for the budget"
    WAIT_FOR_PERSON = "wait for a person"
    FAIL = "fail"


KNOWN_BY: Mapping[Reads, KnownBy] = {
    Reads.NOTHING: KnownBy.ANSWER,
    Reads.SESSION: KnownBy.READ_BACK,
    Reads.VIDEO: KnownBy.READ_BACK,
    Reads.LISTING: KnownBy.LISTING,
}
"""How a video is known to be there that was found by such a read."""


@dataclass(frozen=True, slots=True)
class Row:
    """One call and one thing that may come back of it."""

    call: Call
    comes: Comes
    means: Means
    reads: Reads
    then: Then
    sentence: str
    code: str | None = None
    """Of our error, which the assignment or its step shows meanwhile or in the end."""

    @property
    def name(self) -> str:
        """Stable: platform, call and what comes back."""
        return f"{self.call.platform}/{self.call.name}/{self.comes.name.lower()}"

    @property
    def known_by(self) -> KnownBy:
        """How the video is known to be there in the end; sent again, it is by an answer."""
        return KNOWN_BY[self.reads] if self.then is Then.DONE else KnownBy.ANSWER
