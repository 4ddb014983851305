"""Plays a row: makes exactly its trouble happen, and checks everything that the row says."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from activities.contract.trouble import Kind
from domain.states import StepName
from platforms.outcomes.table import Means, Reads, Row, Then
from tests.platforms.outcomes.home import CHUNK, Failed
from tests.platforms.outcomes.scene import SIZE, Scene


@dataclass(frozen=True, slots=True)
class Order:
    """A fault, in the emulator's words."""

    operation: str
    kind: str
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """How a row is made to happen."""

    was_made: bool
    """What the row leaves open: whether the call has had its effect."""
    orders: Sequence[Order] = ()
    is_killed: bool = False
    is_second: bool = False
    """The call was made once before, and went well."""
    has_twin: bool = False
    """The account has another video of the same size and title."""


@dataclass(frozen=True, slots=True)
class Words:
    """The emulator's words for what a call's activity may do."""

    call: str
    sends: frozenset[str]
    """What may make something."""
    reads: dict[Reads, str]
    start: str = ""
    turn: int = 0
    """Which of the requests of that name it is, from 0."""
    looks: int = 1
    """How many looks at the video prove that the call had no effect."""


_KINDS = {
    Then.WAIT_FOR_BUDGET: Kind.NEEDS_QUOTA,
    Then.WAIT_FOR_PERSON: Kind.NEEDS_CONNECTION,
    Then.FAIL: Kind.REFUSED,
}
_ATTEMPTS = 3


def play(scene: Scene, row: Row, case: Case, words: Words) -> None:
    """Attempt, be struck, and go on to the end; everything observed must be what the row says."""
    emulator = scene.emulator
    if case.is_second:
        assert scene.attempt() is None
        scene.forget()
    if case.has_twin:
        scene.publish_a_twin()
    begun, received = len(emulator.journal()), _received(scene)
    faults = [emulator.fault(o.operation, o.kind, **o.options) for o in case.orders]

    if case.is_killed:
        scene.be_killed()
    first = None if case.is_killed else scene.attempt()

    assert all(emulator.fired(fault) for fault in faults)
    assert scene.was_made == case.was_made
    assert row.means is Means.UNCLEAR or (row.means is Means.MADE) == case.was_made
    assert (first.code if first else None) == row.code
    if first is not None:
        assert first.kind == _kind_of(row)
    if row.then is Then.FAIL:
        assert scene.count() == 0 or words.turn == 0
    else:
        if first is not None or case.is_killed:
            _go_on(scene, row, first)
        _check_end(scene, row)
    calls = emulator.journal()[begun:]
    _check_order(row, calls, words)
    if words.start:
        _check_thrift(row, calls, _received(scene) - received, words)


def _kind_of(row: Row) -> Kind:
    is_open = row.code == "outcome_unconfirmed"
    return _KINDS.get(row.then, Kind.UNCONFIRMED if is_open else Kind.TRANSIENT)


def _go_on(scene: Scene, row: Row, first: Failed | None) -> None:
    """What Temporal does: wait, and attempt it again until it is done."""
    if row.then is Then.WAIT_FOR_PERSON:
        scene.authorize()
    if row.reads is Reads.LISTING and row.then is Then.OPEN_ANOTHER:
        # However often it is attempted, nothing is sent before its time.
        assert scene.attempt() == first
        scene.let_days_pass()
    for _ in range(_ATTEMPTS):
        if scene.attempt() is None:
            return
    raise AssertionError(f"{row.name} gets nowhere")


def _check_end(scene: Scene, row: Row) -> None:
    video, assignment = scene.the_video(), scene.assignment()
    assert assignment.platform_id == video["id"]
    if row.call.name in set(StepName):
        assert scene.count() == 1
    else:
        assert assignment.known_by == row.known_by


def _check_thrift(row: Row, calls: list[str], received: int, words: Words) -> None:
    """No session more than the row says, and no more sent twice than one chunk."""
    begins_anew = row.then is Then.OPEN_ANOTHER
    is_start = words.call == words.start
    repeats = begins_anew or (is_start and row.then not in (Then.GO_ON, Then.FAIL))
    assert calls.count(words.start) == 1 + repeats
    if not begins_anew and row.call.name != "rest":
        assert received <= SIZE + CHUNK


def _received(scene: Scene) -> int:
    count: int = scene.emulator.state()["transfer"]["bytes_received"]
    return count


def _check_order(row: Row, calls: list[str], words: Words) -> None:
    """Before anything is sent after the call, what the row reads has been read, and no more."""
    turns = [turn for turn, call in enumerate(calls) if call == words.call]
    after = calls[turns[words.turn] + 1 :]
    sent = next((n for n, call in enumerate(after) if call in words.sends), len(after))
    read = [call for call in after[:sent] if call in words.reads.values()]
    if row.reads is Reads.NOTHING:
        assert not read
    else:
        is_proof = row.reads is Reads.VIDEO and row.then is not Then.DONE
        assert read.count(words.reads[row.reads]) >= (words.looks if is_proof else 1)
    then = after[sent] if sent < len(after) else None
    match row.then:
        case Then.DONE | Then.FAIL:
            assert then is None
        case Then.GO_ON:
            assert then is not None
        case Then.OPEN_ANOTHER:
            assert then == words.start
        case _:
            assert then == words.call
