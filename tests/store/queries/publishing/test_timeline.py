"""Events and evidence as one story, on both databases."""

from collections.abc import Mapping
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from domain.evidence import EvidenceKind, Proof
from domain.states import AssignmentState, KnownBy
from store.engine import Store
from store.queries.publishing import progress
from store.queries.publishing.assignments import get_assignment_by_id
from store.queries.publishing.evidence import Observation, add_evidence
from store.queries.publishing.retrying import begin_retry
from store.queries.publishing.sums import keep_sha256
from store.queries.publishing.timeline import Entry, Summary, page_timeline, sum_up
from store.queries.rows import Page
from store.tables import Assignment, now
from tests.store.conftest import FACTS, Tenant

SIZE = FACTS.pin.size
SHA256 = "b" * 64


@pytest.fixture
def assignment(tenant: Tenant) -> Assignment:
    """One that was uploaded, with an answer that came late."""
    row = tenant.assignment()
    with tenant.store.write() as session:
        progress.begin_uploading(
            session, progress.require_current(session, row.id, attempt=1), places=4
        )
    return row


def see(store: Store, assignment: Assignment, *seen: Observation) -> None:
    with store.write() as session:
        add_evidence(session, get_assignment_by_id(session, assignment.id), seen)


def read(store: Store, assignment: Assignment, *, page: int = 1, limit: int = 50) -> Page[Entry]:
    with store.read() as session:
        row = get_assignment_by_id(session, assignment.id)
        return page_timeline(session, row, page=page, limit=limit)


def story(store: Store, assignment: Assignment, *, limit: int = 50) -> list[Entry]:
    """All pages, one after the other."""
    pages: list[Entry] = []
    for number in count(1):
        found = read(store, assignment, page=number, limit=limit)
        assert found.total == 5
        if not found.items:
            break
        assert len(found.items) <= limit
        pages += found.items
    return pages


def summary(store: Store, assignment: Assignment) -> Summary:
    with store.read() as session:
        return sum_up(session, get_assignment_by_id(session, assignment.id))


def test_events_and_evidence_are_told_by_their_moments(
    store: Store, assignment: Assignment, tenant: Tenant, stranger: Tenant
) -> None:
    late = now()
    see(
        store,
        assignment,
        Observation(EvidenceKind.SESSION_OPENED, noted_at=late),
        Observation(EvidenceKind.FINISH_SENT, noted_at=late),
        Observation(EvidenceKind.ASKED, {"told": "nothing"}, late + timedelta(seconds=1)),
    )
    for other in (tenant.assignment(), stranger.assignment()):
        see(store, other, Observation(EvidenceKind.SESSION_DISCARDED))
    told = story(store, assignment)
    assert [entry.kind for entry in told] == [
        "assignment.pending",
        "assignment.uploading",
        "session_opened",
        "finish_sent",
        "asked",
    ]
    assert {entry.attempt for entry in told} == {1}
    assert (told[0].data["state"], told[4].data) == ("pending", {"told": "nothing"})
    assert all(entry.at.tzinfo is not None for entry in told)
    assert story(store, assignment, limit=2) == told


def test_what_is_written_later_moves_nothing_from_page_to_page(
    store: Store, assignment: Assignment
) -> None:
    late = now() + timedelta(seconds=10)
    see(store, assignment, Observation(EvidenceKind.SESSION_OPENED, noted_at=late))
    first = read(store, assignment, limit=2).items
    # Seen by another worker before, and written by it only now.
    early = late - timedelta(seconds=5)
    see(store, assignment, Observation(EvidenceKind.ASKED, {"told": "nothing"}, early))
    told = [*first, *read(store, assignment, page=2, limit=2).items]
    assert [(entry.kind, entry.at) for entry in told[2:]] == [
        ("session_opened", late),
        ("asked", early),
    ]


def test_how_often_an_attempt_has_come_into_a_state_is_counted(
    store: Store, tenant: Tenant, assignment: Assignment
) -> None:
    for state in (AssignmentState.WAITING, AssignmentState.PENDING, AssignmentState.FAILED):
        with store.write() as session:
            progress.record_state(session, assignment.id, state=state, warnings={})
    with store.write() as session:
        begin_retry(session, tenant.workspace.id, assignment.id)
    see(store, assignment, Observation(EvidenceKind.SESSION_OPENED))
    turns = [
        (entry.attempt, entry.turn)
        for entry in read(store, assignment).items
        if entry.kind in ("assignment.pending", "session_opened")
    ]
    assert turns == [(1, 1), (1, 2), (2, 1), (2, None)]


def test_a_summary_counts_and_holds_the_platforms_last_word(
    store: Store, assignment: Assignment
) -> None:
    see(
        store,
        assignment,
        Observation(EvidenceKind.SESSION_OPENED),
        Observation(EvidenceKind.CONFIRMED, {"offsets": [50, 100]}),
        Observation(EvidenceKind.FINISH_SENT),
        Observation(EvidenceKind.ANSWERED, {"to": "finish", "told": "nothing"}),
        Observation(EvidenceKind.ASKED, {"told": "unclear"}),
        Observation(EvidenceKind.ASKED, {"told": "held", "offset": 70}),
        Observation(EvidenceKind.ASKED, {"told": "error", "code": "platform_unavailable"}),
        Observation(EvidenceKind.RECONCILED, {"told": "absent"}),
    )
    found = summary(store, assignment)
    assert (found.sessions_opened, found.finishes_sent) == (1, 1)
    assert (found.read_backs, found.reconciliations) == (3, 1)
    assert found.confirmed_bytes == 70
    assert found.last_answer is not None
    assert found.last_answer.data["told"] == "error"
    assert (found.proof, found.sha256) == (Proof.NONE, None)


def test_a_summary_counts_what_was_seen_often_and_knows_what_came_last(
    store: Store, assignment: Assignment
) -> None:
    high: Mapping[str, Any] = {"told": "held", "offset": 70}
    low: Mapping[str, Any] = {"told": "held", "offset": 50}
    away: Mapping[str, Any] = {"told": "error", "code": "platform_unavailable"}
    began = now()
    see(store, assignment, Observation(EvidenceKind.SESSION_OPENED))
    for number, data in enumerate([away, high, low, high, away]):
        at = began + timedelta(minutes=number)
        see(store, assignment, Observation(EvidenceKind.ASKED, data, at))
    found = summary(store, assignment)
    assert (found.read_backs, found.confirmed_bytes) == (5, 70)
    assert found.last_answer is not None
    assert (found.last_answer.data, found.last_answer.latest_at) == (away, at)


def test_what_is_seen_once_more_moves_nothing_from_page_to_page(
    store: Store, assignment: Assignment
) -> None:
    first = now()
    last = first + timedelta(minutes=1)
    pages = []
    for at in (first, last):
        for told in ("nothing", "error"):
            see(store, assignment, Observation(EvidenceKind.ASKED, {"told": told}, at))
        pages.append(read(store, assignment))
    before, after = pages
    assert [(one.at, one.data) for one in after.items] == [
        (one.at, one.data) for one in before.items
    ]
    assert [one.times for one in after.items] == [1, 1, 2, 2]
    assert {(one.at, one.latest_at) for one in after.items[2:]} == {(first, last)}


def test_another_session_begins_with_nothing(store: Store, assignment: Assignment) -> None:
    see(
        store,
        assignment,
        Observation(EvidenceKind.SESSION_OPENED),
        Observation(EvidenceKind.CONFIRMED, {"offsets": [100]}),
        Observation(EvidenceKind.SESSION_OPENED),
    )
    found = summary(store, assignment)
    assert (found.sessions_opened, found.confirmed_bytes) == (2, 0)


def test_what_it_became_has_the_hash_of_what_was_sent(store: Store, assignment: Assignment) -> None:
    with store.write() as session:
        row = progress.note_finished(
            session, assignment.id, platform_id="dQw4w9WgXcQ", known_by=KnownBy.ANSWER
        )
        add_evidence(session, row, [Observation(EvidenceKind.IDENTIFIED, hashed("dQw4w9WgXcQ"))])
    found = summary(store, assignment)
    assert found.confirmed_bytes == SIZE
    assert (found.proof, found.sha256) == (Proof.SHA256, SHA256)


def hashed(platform_id: str) -> dict[str, str]:
    known = {"platformId": platform_id, "knownBy": KnownBy.ANSWER}
    return {**known, "proof": Proof.SHA256, "sha256": SHA256}


@pytest.mark.parametrize(
    ("summed", "sha256", "proof"),
    [
        (0, SHA256, Proof.NONE),
        (SIZE - 1, SHA256, Proof.PARTIAL),
        (SIZE, None, Proof.PARTIAL),
        (SIZE, SHA256, Proof.BLOCKS),
    ],
)
def test_block_sums_prove_it_as_soon_as_the_hash_is_known(
    store: Store, assignment: Assignment, summed: int, sha256: str | None, proof: Proof
) -> None:
    """Also one that becomes known after the upload."""
    identified = {"platformId": "x", "knownBy": KnownBy.ANSWER, "proof": Proof.PARTIAL}
    see(store, assignment, Observation(EvidenceKind.IDENTIFIED, identified))
    with store.write() as session:
        progress.note_summed(session, assignment.id, summed)
        if sha256 is not None:
            keep_sha256(session, assignment.video_id, sha256)
    found = summary(store, assignment)
    assert (found.proof, found.sha256) == (proof, sha256 if proof is Proof.BLOCKS else None)


def test_an_assignment_without_evidence_has_a_summary_of_nothing(
    store: Store, assignment: Assignment
) -> None:
    with store.write() as session:
        progress.record_state(session, assignment.id, state=AssignmentState.CANCELLED, warnings={})
    assert summary(store, assignment) == Summary(0, 0, 0, 0, 0, None, Proof.NONE, None)


def test_a_proof_is_of_the_session_that_was_opened_last(
    store: Store, assignment: Assignment
) -> None:
    see(
        store,
        assignment,
        Observation(EvidenceKind.SESSION_OPENED),
        Observation(EvidenceKind.IDENTIFIED, hashed("old")),
        Observation(EvidenceKind.SESSION_OPENED),
    )
    with store.write() as session:
        progress.note_summed(session, assignment.id, 100)
    told = summary(store, assignment)
    assert (told.proof, told.sha256) == (Proof.PARTIAL, None)
