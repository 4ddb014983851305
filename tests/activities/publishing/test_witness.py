"""What one run makes of what it sees."""

import random

import pytest
from temporalio.exceptions import CancelledError

from activities.failures import interrupted
from activities.publishing.witness import Witness, pause_after
from domain.errors import PlatformUnavailable
from domain.evidence import Range, Sent, Told
from domain.states import KnownBy
from platforms.transfer.digest import Digest
from platforms.transfer.exchange import Exchange
from platforms.transfer.machine import Finished
from store.queries.publishing.evidence import list_evidence
from store.tables import Assignment, Evidence
from tests.activities.conftest import Installation

CHUNK = 1000
BYTES = random.Random(5).randbytes(4 * CHUNK)
DAYS = 48 * 3600


@pytest.fixture
def assignment(installation: Installation) -> Assignment:
    return installation.assignment()


@pytest.fixture
def witness() -> Witness:
    return Witness()


def written(installation: Installation, assignment: Assignment, witness: Witness) -> list[Evidence]:
    """Write it; return everything that is written by now."""
    with installation.store.write() as session:
        witness.testify(session, assignment)
    with installation.store.read() as session:
        return list(list_evidence(session, assignment.id))


def held(offset: int) -> Exchange:
    return Exchange(Sent.BYTES, Told.HELD, offset, 308)


def send(witness: Witness, digest: Digest, offset: int) -> None:
    digest.feed(memoryview(BYTES)[digest.reach(offset) : offset + CHUNK])
    digest.confirm(offset + CHUNK)
    witness.observe(held(offset + CHUNK))


def test_offsets_in_a_row_are_one_entry_with_the_hash_of_what_is_confirmed(
    installation: Installation, assignment: Assignment, witness: Witness
) -> None:
    digest = Digest(len(BYTES))
    witness.follow(digest)
    for offset in (0, CHUNK):
        send(witness, digest, offset)
    [entry] = written(installation, assignment, witness)
    assert entry.data["offsets"] == [CHUNK, 2 * CHUNK]
    assert Range.read(entry.data["range"]) == digest.current


def test_what_comes_in_between_keeps_its_place(
    installation: Installation, assignment: Assignment, witness: Witness
) -> None:
    digest = Digest(len(BYTES))
    witness.follow(digest)
    send(witness, digest, 0)
    witness.observe(Exchange(Sent.BYTES, Told.NOTHING, CHUNK))
    witness.observe(Exchange(Sent.QUESTION, Told.HELD, CHUNK, 308))
    send(witness, digest, CHUNK)
    entries = written(installation, assignment, witness)
    assert [(entry.kind, entry.data.get("told")) for entry in entries] == [
        ("confirmed", None),
        ("answered", "nothing"),
        ("asked", "held"),
        ("confirmed", None),
    ]
    assert "range" not in entries[0].data
    assert entries[3].data["range"]["to"] == 2 * CHUNK


def test_what_is_written_is_not_written_again(
    installation: Installation, assignment: Assignment, witness: Witness
) -> None:
    witness.observe(held(CHUNK))
    written(installation, assignment, witness)
    assert len(written(installation, assignment, witness)) == 1


def test_a_video_is_identified_with_the_hash_of_everything(
    installation: Installation, assignment: Assignment, witness: Witness
) -> None:
    digest = Digest(len(BYTES))
    witness.follow(digest)
    for offset in range(0, len(BYTES), CHUNK):
        send(witness, digest, offset)
    witness.identify(Finished("dQw", KnownBy.ANSWER))
    *_, entry = written(installation, assignment, witness)
    assert digest.current is not None
    assert entry.data == {
        "platformId": "dQw",
        "knownBy": "answer",
        "sha256": digest.current.sha256,
    }


def test_several_runs_leave_several_ranges(
    installation: Installation, assignment: Assignment, witness: Witness
) -> None:
    first = Range(0, CHUNK, "a" * 64)
    digest = Digest(len(BYTES), known=[first], begins=CHUNK)
    witness.follow(digest)
    for offset in range(CHUNK, len(BYTES), CHUNK):
        send(witness, digest, offset)
    witness.identify(Finished("dQw", KnownBy.READ_BACK))
    *_, entry = written(installation, assignment, witness)
    assert "sha256" not in entry.data
    assert [Range.read(one) for one in entry.data["ranges"]] == digest.ranges
    assert len(digest.ranges) == 2


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (PlatformUnavailable("platform_stalled", "It stands still."), "platform_stalled"),
        (interrupted(), "interrupted"),
        (CancelledError("It was cancelled."), "cancelled"),
        (ValueError("secret"), "internal"),
    ],
)
def test_a_stop_is_noted_by_its_code(
    installation: Installation,
    assignment: Assignment,
    witness: Witness,
    error: Exception,
    code: str,
) -> None:
    witness.stop(error)
    [entry] = written(installation, assignment, witness)
    assert (entry.kind, entry.data) == ("stopped", {"code": code})


def test_two_days_leave_some_hundreds_of_entries() -> None:
    at, count = 0.0, 0
    while at < DAYS:
        at += pause_after(at)
        count += 1
    assert 200 < count < 1000
