"""The timeline of an assignment, as a client reads it. Temporal is not there at all."""

from datetime import UTC, datetime

import pytest

from domain.evidence import EvidenceKind
from domain.sentences import OPEN_FINISH
from domain.states import AssignmentState, KnownBy, WaitReason
from store.queries.publishing import progress
from store.queries.publishing.evidence import Observation, add_evidence
from store.tables import Assignment
from tests.support.api import Tenant
from tests.support.lifecycles import DirectedLifecycles

SHA256 = "c" * 64


@pytest.fixture
def sent(ours: Tenant, lifecycles: DirectedLifecycles) -> Assignment:
    """One whose last answer was lost and read back."""
    lifecycles.is_away = True
    row = ours.assignment()
    store = ours.context.store
    with store.write() as session:
        progress.begin_uploading(
            session, progress.require_current(session, row.id, attempt=1), places=4
        )
        seen = [
            Observation(EvidenceKind.SESSION_OPENED),
            Observation(EvidenceKind.FINISH_SENT),
            Observation(EvidenceKind.ANSWERED, {"to": "finish", "told": "nothing"}),
            Observation(EvidenceKind.ASKED, {"told": "finished", "platformId": "dQw"}),
        ]
        add_evidence(session, row, seen)
    with store.write() as session:
        progress.note_finished(session, row.id, platform_id="dQw", known_by=KnownBy.READ_BACK)
        identified = {"platformId": "dQw", "knownBy": "read_back", "proof": "sha256"}
        identified["sha256"] = SHA256
        add_evidence(session, row, [Observation(EvidenceKind.IDENTIFIED, identified)])
    return row


def path(row: Assignment) -> str:
    return f"/api/v1/assignments/{row.id}/timeline"


async def test_the_story_is_told_with_what_it_proves(ours: Tenant, sent: Assignment) -> None:
    ours.settle(sent.id, AssignmentState.PUBLISHED, platform_url="https://youtu.be/dQw")
    answer = await ours.http.get(path(sent))
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["state"], told["sentence"]) == (
        "published",
        "It is published: https://youtu.be/dQw",
    )
    assert (told["waitingFor"], told["whatToDo"]) == (None, "Nothing: it is done.")
    evidence = told["evidence"]
    assert evidence.pop("lastAnswer")["sentence"] == (
        "YouTube was asked what it has: everything, and the video is dQw."
    )
    assert evidence == {
        "sessionsOpened": 1,
        "finishesSent": 1,
        "confirmedBytes": 5000,
        "totalBytes": 5000,
        "readBacks": 1,
        "reconciliations": 0,
        "platformId": "dQw",
        "knownBy": "read_back",
        "proof": "sha256",
        "sha256": SHA256,
    }
    assert [item["kind"] for item in told["items"]] == [
        "assignment.pending",
        "assignment.uploading",
        "session_opened",
        "finish_sent",
        "answered",
        "asked",
        "assignment.uploaded",
        "identified",
        "assignment.published",
    ]
    assert told["items"][4]["sentence"] == "The answer to the last byte was lost."
    assert told["total"] == 9


async def test_lines_tell_the_same(ours: Tenant, sent: Assignment) -> None:
    told = (await ours.http.get(path(sent))).json()
    answer = await ours.http.get(path(sent), headers={"Accept": "text/plain"})
    assert answer.headers["content-type"].startswith("text/plain")
    lines = answer.text.splitlines()
    assert lines[:2] == [f"{sent.id}  uploaded", told["sentence"]]
    for item in told["items"]:
        assert any(item["sentence"] in line and item["at"] in line for line in lines)


async def test_what_was_seen_often_is_one_item_that_says_so(
    ours: Tenant, lifecycles: DirectedLifecycles
) -> None:
    lifecycles.is_away = True
    row = ours.assignment()
    first = datetime(2026, 11, 22, 12, tzinfo=UTC)
    last = datetime(2026, 11, 29, 12, 3, tzinfo=UTC)
    away = {"told": "error", "code": "platform_unavailable"}
    with ours.context.store.write() as session:
        for at in (first, last):
            add_evidence(session, row, [Observation(EvidenceKind.ASKED, away, at)])
    told = (await ours.http.get(path(row))).json()
    [item] = [item for item in told["items"] if item["kind"] == "asked"]
    assert (item["at"], item["times"], item["latestAt"]) == (
        "2026-11-22T12:00:00Z",
        2,
        "2026-11-29T12:03:00Z",
    )
    assert (told["evidence"]["readBacks"], told["evidence"]["lastAnswer"]["at"]) == (
        2,
        item["latestAt"],
    )
    event = next(item for item in told["items"] if item["kind"] == "assignment.pending")
    assert (event["times"], event["latestAt"]) == (1, event["at"])
    lines = (await ours.http.get(path(row), headers={"Accept": "text/plain"})).text
    assert f"{item['sentence']} (2 times, until 2026-11-29T12:03:00Z)\n" in lines


async def test_pages_are_cut_where_they_are_asked_for(ours: Tenant, sent: Assignment) -> None:
    whole = (await ours.http.get(path(sent))).json()["items"]
    second = (await ours.http.get(path(sent), params={"page": 2, "limit": 3})).json()
    assert second["items"] == whole[3:6]
    assert (second["total"], second["page"], second["limit"]) == (8, 2, 3)
    assert second["evidence"]["platformId"] == "dQw"


async def test_what_is_waited_for_is_said_with_what_helps(ours: Tenant) -> None:
    row = ours.assignment()
    with ours.context.store.write() as session:
        progress.record_state(
            session,
            row.id,
            state=AssignmentState.WAITING,
            wait_reason=WaitReason.CONNECTION,
            error_code="invalid_grant",
            error="The grant has ended.",
            remedy="reconnect",
            warnings={},
        )
    told = (await ours.http.get(path(row))).json()
    assert told["waitingFor"] == "the connection to be authorized again"
    assert told["whatToDo"] == "Authorize the connection again."
    assert told["items"][-1]["data"]["errorCode"] == "invalid_grant"


@pytest.mark.parametrize("state", AssignmentState)
async def test_every_state_has_its_sentence(ours: Tenant, state: AssignmentState) -> None:
    row = ours.assignment()
    with ours.context.store.write() as session:
        wait = WaitReason.PLATFORM if state is AssignmentState.WAITING else None
        progress.record_state(session, row.id, state=state, wait_reason=wait, warnings={})
    told = (await ours.http.get(path(row))).json()
    assert told["state"] == state
    assert told["sentence"].endswith(".") or state is AssignmentState.PUBLISHED
    assert told["whatToDo"]


async def test_what_is_published_with_a_warning_says_so(ours: Tenant, sent: Assignment) -> None:
    warnings = {"thumbnail_failed": "The image is not there."}
    ours.settle(
        sent.id, AssignmentState.PUBLISHED, platform_url="https://youtu.be/dQw", warnings=warnings
    )
    told = (await ours.http.get(path(sent))).json()
    warned = "It is published: https://youtu.be/dQw Its thumbnail failed: The image is not there."
    assert told["sentence"] == told["items"][-1]["sentence"] == warned
    assert told["whatToDo"] == "The video is there; what its warnings name is mended on YouTube."
    lines = (await ours.http.get(path(sent), headers={"Accept": "text/plain"})).text.splitlines()
    assert lines[1:3] == [warned, f"To do: {told['whatToDo']}"]


@pytest.mark.parametrize(
    ("error", "what_to_do"),
    [
        ("", "Nothing. A retry publishes it after all."),
        (OPEN_FINISH, "Look at the account: a video may be there, and a retry makes another one."),
    ],
)
async def test_what_was_cancelled_is_not_retried_before_the_account_was_looked_at(
    ours: Tenant, error: str, what_to_do: str
) -> None:
    row = ours.assignment()
    ours.settle(row.id, AssignmentState.CANCELLED, error=error)
    told = (await ours.http.get(path(row))).json()
    assert told["whatToDo"] == what_to_do


async def test_what_is_unconfirmed_is_looked_for_again_at_a_time(ours: Tenant) -> None:
    row = ours.assignment()
    with ours.context.store.write() as session:
        progress.record_state(
            session,
            row.id,
            state=AssignmentState.UNCONFIRMED,
            wait_until=datetime(2090, 1, 31, 18, tzinfo=UTC),
            warnings={},
        )
    assert (await ours.http.get(path(row))).json()["waitingFor"] == (
        "YouTube's word on whether the video is there, which is looked for again at "
        "2090-01-31T18:00:00Z"
    )


async def test_what_was_accepted_once_takes_its_turn_again(ours: Tenant) -> None:
    row = ours.assignment()
    for state in (AssignmentState.CANCELLED, None, AssignmentState.UNCONFIRMED, None):
        if state is None:
            order = {"force": True, "reason": "Looked by hand."}
            answer = await ours.http.post(f"/api/v1/assignments/{row.id}/retry", json=order)
            assert answer.status_code == 200, answer.text
        else:
            ours.settle(row.id, state)
    told = (await ours.http.get(path(row))).json()
    assert told["sentence"] == "It takes its turn."
    said = [item["sentence"] for item in told["items"] if item["kind"] == "assignment.pending"]
    assert said == ["It was accepted.", "Attempt 2 was begun.", "It takes its turn again."]


async def test_a_line_stays_a_line_whatever_was_said(ours: Tenant, sent: Assignment) -> None:
    said = "Looked.\n2026-11-22T12:00:00Z  1  It was cancelled.\x1b[2J\u2028"
    with ours.context.store.write() as session:
        add_evidence(session, sent, [Observation(EvidenceKind.FORCED, {"reason": said})])
    answer = await ours.http.get(path(sent), headers={"Accept": "text/plain"})
    told = (await ours.http.get(path(sent))).json()
    assert len(answer.text.splitlines()) == 4 + told["total"] + 1
    assert all(line.isprintable() for line in answer.text.splitlines())


@pytest.mark.parametrize(
    ("accept", "is_plain"),
    [
        ("text/plain", True),
        ("Text/Plain; charset=utf-8", True),
        ("text/plain, */*;q=0.1", True),
        ("application/json;q=0.5, text/*", True),
        ("application/json, text/plain, */*", False),
        ("text/plain;q=0.5, application/json", False),
        ("text/plain;q=none", False),
        ("text/html, */*;q=0.8", False),
        ("image/png", False),
        ("", False),
    ],
)
async def test_a_client_gets_the_form_that_it_likes_best(
    ours: Tenant, sent: Assignment, accept: str, is_plain: bool
) -> None:
    answer = await ours.http.get(path(sent), headers={"Accept": accept})
    assert answer.headers["content-type"].startswith("text/plain") == is_plain
    assert answer.headers["vary"] == "Accept"
