"""An assignment's story, told in sentences.

How it stands, what it waits for and what helps are read off the row, what happened off its
events and the evidence of its upload. All of it comes from one look at our own database:
neither Temporal nor the platform is asked.
"""

from dataclasses import dataclass
from typing import Any

from api.context import Context
from api.schemas.v1.timeline import AnswerView, EvidenceView, TimelineItem, TimelineView
from domain import sentences
from domain.display import escape
from domain.errors import Remedy
from domain.events import state_of
from domain.evidence import EvidenceKind
from domain.ids import WorkspaceId
from domain.states import AssignmentState, PlatformName
from store.queries.publishing import timeline
from store.queries.publishing.assignments import get_assignment
from store.queries.telling.events import written
from store.tables import Assignment

_KINDS = frozenset(EvidenceKind)
_TOLD = (
    "state",
    "waitReason",
    "waitUntil",
    "platformId",
    "platformUrl",
    "knownBy",
    "errorCode",
    "error",
    "remedy",
    "warnings",
)
"""What of an event is shown: the rest is the same in each."""

_NOTHING = "Nothing: it goes on by itself."
_HELP = {
    Remedy.CHANGE: "Change what it complains of and publish it anew.",
    Remedy.WAIT: "Retry it later; what is uploaded already is not sent twice.",
    Remedy.RECONNECT: "Authorize the connection again, then retry it.",
    Remedy.OPERATOR: "Whoever runs Castline has to act: `castline doctor` says what is wrong.",
    Remedy.NONE: "Nothing helps.",
}
_HELP_WHILE_WAITING = {
    Remedy.RECONNECT: "Authorize the connection again.",
    Remedy.OPERATOR: _HELP[Remedy.OPERATOR],
}


def tell(
    here: Context, workspace_id: WorkspaceId, assignment_id: str, *, page: int, limit: int
) -> TimelineView:
    """A page of the story with what it comes to. Raises `NotFound` for a foreign id."""
    with here.store.read() as session:
        row = get_assignment(session, workspace_id, assignment_id)
        summary = timeline.sum_up(session, row)
        found = timeline.page_timeline(session, row, page=page, limit=limit)
    teller = _Teller(row)
    return TimelineView(
        assignment_id=row.id,
        state=teller.state,
        sentence=teller.standing(summary.confirmed_bytes),
        waiting_for=teller.waiting_for(),
        what_to_do=teller.what_to_do(),
        evidence=teller.evidence(summary),
        items=[teller.item(entry) for entry in found.items],
        total=found.total,
        page=found.page,
        limit=found.limit,
    )


def as_lines(view: TimelineView) -> str:
    """The same for a terminal: how it stands, then a line for everything that happened."""
    head = [f"{view.assignment_id}  {view.state}", view.sentence]
    if view.waiting_for:
        head.append(f"Waits for: {view.waiting_for}.")
    head += [f"To do: {view.what_to_do}", ""]
    body = [f"{written(item.at)}  {item.attempt}  {_said(item)}" for item in view.items]
    lines = [*head, *body, f"{len(view.items)} of {view.total}, page {view.page}"]
    return "".join(f"{escape(line)}\n" for line in lines)


def _said(item: TimelineItem) -> str:
    return sentences.repeated(item.sentence, item.times, until=f"{written(item.latest_at)}")


@dataclass(frozen=True, slots=True)
class _Teller:
    """Puts one assignment into words."""

    row: Assignment

    @property
    def state(self) -> AssignmentState:
        return AssignmentState(self.row.state)

    @property
    def platform(self) -> PlatformName:
        return PlatformName(self.row.platform)

    def standing(self, confirmed: int) -> str:
        if self.state is AssignmentState.UPLOADING:
            held = sentences.amount(confirmed, self.row.bytes_total)
            return f"{sentences.NAMES[self.platform]} has {held}."
        return sentences.of_state(self.state, self._data, self.platform)

    def waiting_for(self) -> str | None:
        match self.state:
            case AssignmentState.WAITING:
                return sentences.waited_for(self._data, self.platform)
            case AssignmentState.UNCONFIRMED:
                word = f"{sentences.NAMES[self.platform]}'s word on whether the video is there"
                until = self._data["waitUntil"]
                return f"{word}, which is looked for again at {until}" if until else word
            case AssignmentState.PROCESSING:
                return f"{sentences.NAMES[self.platform]}'s processing"
            case _:
                return None

    def what_to_do(self) -> str:
        remedy = Remedy(self.row.remedy) if self.row.remedy else Remedy.NONE
        match self.state:
            case AssignmentState.FAILED:
                return _HELP[remedy]
            case AssignmentState.WAITING:
                return _HELP_WHILE_WAITING.get(remedy, _NOTHING)
            case AssignmentState.UNCONFIRMED if self.row.candidates:
                links = ", ".join(str(video["url"]) for video in self.row.candidates)
                return (
                    f"Look at {links}. If none of them is this video, force a retry: then it is "
                    "sent. If one of them is, cancel it first: the forced retry then ends it as "
                    "cancelled, and nothing is sent."
                )
            case AssignmentState.UNCONFIRMED:
                return "Nothing: it is read again. Who has looked there may force a retry."
            case AssignmentState.PUBLISHED if self.row.warnings:
                name = sentences.NAMES[self.platform]
                return f"The video is there; what its warnings name is mended on {name}."
            case AssignmentState.PUBLISHED:
                return "Nothing: it is done."
            case AssignmentState.CANCELLED if self.row.error:
                return "Look at the account: a video may be there, and a retry makes another one."
            case AssignmentState.CANCELLED:
                return "Nothing. A retry publishes it after all."
            case _:
                return _NOTHING

    def evidence(self, summary: timeline.Summary) -> EvidenceView:
        last = summary.last_answer
        return EvidenceView(
            sessions_opened=summary.sessions_opened,
            finishes_sent=summary.finishes_sent,
            confirmed_bytes=summary.confirmed_bytes,
            total_bytes=self.row.bytes_total,
            read_backs=summary.read_backs,
            reconciliations=summary.reconciliations,
            last_answer=None
            if last is None
            else AnswerView(at=last.latest_at, sentence=self._say(last)),
            platform_id=self.row.platform_id,
            known_by=self.row.known_by,
            proof=summary.proof,
            sha256=summary.sha256,
        )

    def item(self, entry: timeline.Entry) -> TimelineItem:
        data = dict(entry.data)
        if entry.kind not in _KINDS:
            data = {name: data[name] for name in _TOLD if data.get(name)}
        return TimelineItem(
            at=entry.at,
            attempt=entry.attempt,
            kind=entry.kind,
            sentence=self._say(entry),
            data=data,
            times=entry.times,
            latest_at=entry.latest_at,
        )

    def _say(self, entry: timeline.Entry) -> str:
        if entry.kind in _KINDS:
            kind = EvidenceKind(entry.kind)
            return sentences.of_evidence(kind, entry.data, self.platform, self.row.bytes_total)
        state = state_of(entry.kind)
        return sentences.of_state(state, entry.data, self.platform, turn=entry.turn)

    @property
    def _data(self) -> dict[str, Any]:
        """The row as its events have it."""
        return {
            "waitReason": self.row.wait_reason,
            "waitUntil": written(self.row.wait_until),
            "queuedAt": written(self.row.queued_at),
            "platformId": self.row.platform_id,
            "platformUrl": self.row.platform_url,
            "error": self.row.error,
            "warnings": self.row.warnings,
        }
