"""What an upload leaves behind, and what is read of it."""

from collections.abc import Sequence
from typing import Any

import pytest

from domain.evidence import EvidenceKind, Range
from store.engine import Store
from store.queries.publishing.assignments import get_assignment_by_id
from store.queries.publishing.evidence import (
    Observation,
    add_evidence,
    find_ranges,
    has_forced_finish,
    has_open_finish,
)
from store.tables import Assignment
from tests.store.conftest import Tenant
from tests.support.evidence import evidence_of

OPENED = Observation(EvidenceKind.SESSION_OPENED)
FINISH = Observation(EvidenceKind.FINISH_SENT)
DISCARDED = Observation(EvidenceKind.SESSION_DISCARDED)
ABSENT = Observation(EvidenceKind.RECONCILED, {"told": "absent"})
FORCED = Observation(EvidenceKind.FORCED, {"reason": "Looked by hand."})


@pytest.fixture
def assignment(tenant: Tenant) -> Assignment:
    return tenant.assignment()


def confirmed(start: int, end: int, sha256: str) -> Observation:
    return Observation(
        EvidenceKind.CONFIRMED,
        {"offsets": [end], "range": Range(start, end, sha256).written()},
    )


def asked(told: str, **more: Any) -> Observation:
    return Observation(EvidenceKind.ASKED, {"told": told, **more})


def answered(told: str) -> Observation:
    return Observation(EvidenceKind.ANSWERED, {"to": "finish", "told": told})


def see(store: Store, assignment: Assignment, *seen: Observation) -> None:
    with store.write() as session:
        add_evidence(session, get_assignment_by_id(session, assignment.id), seen)


def test_entries_are_kept_in_their_order(
    store: Store, assignment: Assignment, tenant: Tenant
) -> None:
    see(store, assignment, OPENED, FINISH)
    see(store, tenant.assignment(), DISCARDED)
    see(store, assignment, answered("finished"))
    kinds = [entry.kind for entry in evidence_of(store, assignment.id)]
    assert kinds == ["session_opened", "finish_sent", "answered"]


@pytest.mark.parametrize(
    ("seen", "known"),
    [
        ([], None),
        ([confirmed(0, 8, "a")], None),
        ([OPENED], []),
        ([OPENED, Observation(EvidenceKind.CONFIRMED, {"offsets": [4]})], []),
        ([OPENED, confirmed(0, 4, "a"), confirmed(0, 8, "b")], [Range(0, 8, "b")]),
        (
            [OPENED, confirmed(0, 4, "a"), confirmed(4, 9, "b"), confirmed(4, 12, "c")],
            [Range(0, 4, "a"), Range(4, 12, "c")],
        ),
        ([OPENED, confirmed(0, 8, "a"), DISCARDED, OPENED], []),
        (
            [OPENED, confirmed(0, 8, "a"), confirmed(2, 9, "b"), confirmed(0, 4, "c")],
            [Range(2, 9, "b"), Range(0, 4, "c")],
        ),
    ],
    ids=[
        "no evidence",
        "from before there was evidence",
        "nothing confirmed",
        "nothing hashed",
        "one run",
        "two runs",
        "another session",
        "taken back",
    ],
)
def test_what_is_known_of_the_bytes_is_what_the_latest_session_left(
    store: Store,
    assignment: Assignment,
    seen: Sequence[Observation],
    known: list[Range] | None,
) -> None:
    see(store, assignment, *seen)
    with store.read() as session:
        assert find_ranges(session, assignment.id) == known


@pytest.mark.parametrize(
    ("seen", "is_open"),
    [
        ([OPENED], False),
        ([OPENED, FINISH], True),
        ([OPENED, FINISH, answered("nothing"), asked("unclear"), asked("error")], True),
        ([OPENED, FINISH, Observation(EvidenceKind.SESSION_LOST, {"mayExist": True})], True),
        ([OPENED, FINISH, Observation(EvidenceKind.STOPPED, {"code": "disconnected"})], True),
        ([OPENED, FINISH, asked("held", offset=5)], False),
        ([OPENED, FINISH, asked("held", offset=5), FINISH], True),
        ([OPENED, FINISH, answered("finished")], False),
        ([OPENED, FINISH, answered("error"), DISCARDED], False),
        ([OPENED, FINISH, OPENED], False),
    ],
)
def test_a_finish_is_open_until_something_settles_it(
    store: Store, assignment: Assignment, seen: Sequence[Observation], is_open: bool
) -> None:
    see(store, assignment, *seen)
    with store.read() as session:
        assert has_open_finish(session, assignment.id) is is_open


@pytest.mark.parametrize(
    ("seen", "is_forced"),
    [
        ([OPENED, FINISH, ABSENT], False),
        ([OPENED, FINISH, ABSENT, FORCED], True),
        ([OPENED, FINISH, ABSENT, FORCED, OPENED], False),
        ([OPENED, FINISH, FORCED, OPENED, FINISH], False),
    ],
)
def test_a_finish_whose_reading_was_ended_is_open_too(
    store: Store, assignment: Assignment, seen: Sequence[Observation], is_forced: bool
) -> None:
    see(store, assignment, *seen)
    with store.read() as session:
        assert has_forced_finish(session, assignment.id) is is_forced
        assert has_open_finish(session, assignment.id) >= is_forced
