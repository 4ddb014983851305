"""What an upload leaves behind, and what is read of it."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import event

from domain.evidence import EvidenceKind
from store.engine import Store
from store.queries.publishing.assignments import get_assignment_by_id
from store.queries.publishing.evidence import (
    Observation,
    add_evidence,
    has_forced_finish,
    has_open_finish,
    is_forced,
)
from store.tables import Assignment, now
from tests.store.conftest import Tenant
from tests.support.evidence import evidence_of

OPENED = Observation(EvidenceKind.SESSION_OPENED)
FINISH = Observation(EvidenceKind.FINISH_SENT)
DISCARDED = Observation(EvidenceKind.SESSION_DISCARDED)
ABSENT = Observation(EvidenceKind.RECONCILED, {"told": "absent"})
IDENTIFIED = Observation(EvidenceKind.IDENTIFIED, {"platformId": "dQw", "knownBy": "answer"})
FORCED = Observation(EvidenceKind.FORCED, {"reason": "Looked by hand."})
AWAY = {"code": "platform_unavailable", "error": "YouTube is away."}
DAY = timedelta(days=1)
WEEK = 7 * DAY
PAUSE = timedelta(minutes=5)
"""Between two tries, when they have long become rare."""


@pytest.fixture
def assignment(tenant: Tenant) -> Assignment:
    return tenant.assignment()


def asked(told: str, **more: Any) -> Observation:
    return Observation(EvidenceKind.ASKED, {"told": told, **more})


def answered(told: str) -> Observation:
    return Observation(EvidenceKind.ANSWERED, {"to": "finish", "told": told})


def stopped(during: str = "look") -> Observation:
    return Observation(EvidenceKind.STOPPED, {"during": during, **AWAY})


OUTAGE = (asked("held", offset=5), asked("error", code=AWAY["code"]), stopped())
"""What a try of these days leaves."""


def counted(store: Store, assignment: Assignment) -> list[tuple[str, int]]:
    return [(entry.kind, entry.times) for entry in evidence_of(store, assignment.id)]


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
    ("seen", "was_forced"),
    [
        ([OPENED, FINISH, ABSENT], False),
        ([OPENED, FINISH, ABSENT, FORCED], True),
        ([OPENED, FINISH, ABSENT, FORCED, OPENED], True),
        ([OPENED, FINISH, FORCED, OPENED, FINISH, answered("error"), DISCARDED], True),
        ([OPENED, FINISH, FORCED, OPENED, FINISH, IDENTIFIED], True),
    ],
)
def test_a_finish_whose_reading_was_ended_stays_open_whatever_is_sent_after_it(
    store: Store, assignment: Assignment, seen: Sequence[Observation], was_forced: bool
) -> None:
    see(store, assignment, *seen)
    with store.read() as session:
        assert has_forced_finish(session, assignment.id) is was_forced
        assert has_open_finish(session, assignment.id) >= was_forced


def test_an_order_is_one_for_its_attempt_alone(store: Store, assignment: Assignment) -> None:
    see(store, assignment, FORCED)
    later = assignment.model_copy(update={"attempt": assignment.attempt + 1})
    with store.read() as session:
        assert is_forced(session, assignment)
        assert not is_forced(session, later)


def test_a_week_of_outage_leaves_a_handful_of_entries(store: Store, assignment: Assignment) -> None:
    began = now()
    see(store, assignment, OPENED, FINISH)
    tries = WEEK // PAUSE
    moments = iter(began + number * PAUSE for number in range(tries))
    while day := list(islice(moments, DAY // PAUSE)):
        # In one transaction, because nothing but its length would differ.
        with store.write() as session:
            row = get_assignment_by_id(session, assignment.id)
            for at in day:
                add_evidence(session, row, [replace(one, noted_at=at) for one in OUTAGE])
    assert counted(store, assignment) == [
        ("session_opened", 1),
        ("finish_sent", 1),
        ("asked", tries),
        ("asked", tries),
        ("stopped", tries),
    ]
    last = evidence_of(store, assignment.id)[-1]
    assert (last.at, last.latest_at) == (began, began + (tries - 1) * PAUSE)


@pytest.mark.parametrize(
    "other",
    [asked("error", code="rate_limited"), asked("nothing"), stopped("credential")],
    ids=["another code", "another answer", "another try"],
)
def test_what_says_something_else_is_another_entry(
    store: Store, assignment: Assignment, other: Observation
) -> None:
    usual = (asked("error", code=AWAY["code"]), stopped())
    see(store, assignment, *usual, other, *usual)
    assert counted(store, assignment) == [("asked", 2), ("stopped", 2), (other.kind, 1)]


def test_each_attempt_and_each_assignment_counts_for_itself(
    store: Store, assignment: Assignment, tenant: Tenant
) -> None:
    other = tenant.assignment()
    for row in (assignment, other, assignment):
        see(store, row, stopped())
    with store.write() as session:
        get_assignment_by_id(session, assignment.id).attempt += 1
    see(store, assignment, stopped())
    assert counted(store, assignment) == [("stopped", 2), ("stopped", 1)]
    assert counted(store, other) == [("stopped", 1)]


@pytest.mark.parametrize(
    "news",
    [
        *(
            Observation(kind, {"offset": 5})
            for kind in EvidenceKind
            if kind.name
            not in {
                *("ASKED", "ANSWERED", "STOPPED", "RECONCILED", "READ_BACK", "STEP"),
                "WORKFLOW_LOST",
            }
        ),
        asked("finished"),
        answered("finished"),
        Observation(EvidenceKind.RECONCILED, {"told": "finished"}),
        Observation(EvidenceKind.STEP, {"step": "thumbnail", "told": "finished"}),
    ],
    ids=lambda news: f"{news.kind} {news.data.get('told', '')}",
)
def test_news_stands_for_itself_and_what_follows_is_counted_anew(
    store: Store, assignment: Assignment, news: Observation
) -> None:
    see(store, assignment, stopped(), news, news)
    see(store, assignment, stopped(), stopped())
    assert counted(store, assignment) == [
        ("stopped", 1),
        (news.kind, 1),
        (news.kind, 1),
        ("stopped", 2),
    ]


def test_an_offset_that_is_read_after_a_finish_settles_it_though_it_was_read_before(
    store: Store, assignment: Assignment
) -> None:
    held = asked("held", offset=5)
    see(store, assignment, OPENED, held, FINISH)
    see(store, assignment, held)
    see(store, assignment, held)
    assert counted(store, assignment)[1:] == [("asked", 1), ("finish_sent", 1), ("asked", 2)]
    with store.read() as session:
        assert not has_open_finish(session, assignment.id)


def test_who_is_slow_to_write_does_not_turn_back_the_clock(
    store: Store, assignment: Assignment
) -> None:
    late = now()
    for moment in (late - PAUSE, late, late - 2 * PAUSE):
        see(store, assignment, Observation(EvidenceKind.STOPPED, AWAY, moment))
    [entry] = evidence_of(store, assignment.id)
    assert (entry.times, entry.at, entry.latest_at) == (3, late - PAUSE, late)


def test_two_workers_at_once_lose_no_count_whatever_their_order(
    store: Store, assignment: Assignment
) -> None:
    see(store, assignment, OPENED)
    seen = [asked("nothing"), asked("error", code=AWAY["code"]), stopped()]
    tries = 40
    together = Barrier(2)

    def work(mine: Sequence[Observation]) -> None:
        for _ in range(tries):
            together.wait(30)
            see(store, assignment, *mine)

    with ThreadPoolExecutor(2) as workers:
        for done in [workers.submit(work, mine) for mine in (seen, seen[::-1])]:
            done.result(60)
    assert sorted(counted(store, assignment)[1:]) == [
        ("asked", 2 * tries),
        ("asked", 2 * tries),
        ("stopped", 2 * tries),
    ]


def test_what_is_seen_is_written_in_one_statement(store: Store, assignment: Assignment) -> None:
    statements: list[str] = []
    with store.write() as session:
        row = get_assignment_by_id(session, assignment.id)
        event.listen(
            session.connection(),
            "before_cursor_execute",
            lambda _connection, _cursor, statement, *_: statements.append(statement),
        )
        add_evidence(session, row, [OPENED, asked("error"), stopped(), asked("error"), stopped()])
    assert [statement.split()[0] for statement in statements] == ["INSERT"]
    assert counted(store, assignment) == [("session_opened", 1), ("asked", 2), ("stopped", 2)]
