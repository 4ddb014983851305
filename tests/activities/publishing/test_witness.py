"""What one run makes of what it sees."""

import random
from contextlib import suppress

import pytest
from temporalio.exceptions import CancelledError

from activities.failures import interrupted
from activities.publishing.witness import RUN_ENDED, Witness, pause_after
from domain.errors import PlatformUnavailable, SourceUnreachable
from domain.evidence import During, Proof, Sent, Told
from domain.states import KnownBy
from media.digest import Digest
from platforms.transfer.exchange import Exchange
from platforms.transfer.machine import Finished
from store.queries.publishing.timeline import Entry
from store.tables import Assignment
from tests.activities.conftest import Installation
from tests.support.evidence import evidence_of

CHUNK = 1000
BYTES = random.Random(5).randbytes(4 * CHUNK)
SIZE = len(BYTES)
DAYS = 48 * 3600
INTERRUPTED = "The worker was stopped; another one goes on from the platform's offset."


@pytest.fixture
def assignment(installation: Installation) -> Assignment:
    return installation.assignment()


@pytest.fixture
def witness() -> Witness:
    return Witness()


def written(installation: Installation, assignment: Assignment, witness: Witness) -> list[Entry]:
    """Write it; return everything that is written by now."""
    with installation.store.write() as session:
        witness.testify(session, assignment)
    return evidence_of(installation.store, assignment.id)


def held(offset: int) -> Exchange:
    return Exchange(Sent.BYTES, Told.HELD, offset, 308)


def send(witness: Witness, offset: int) -> None:
    witness.observe(held(offset + CHUNK))


def test_offsets_in_a_row_are_one_entry(
    installation: Installation, assignment: Assignment, witness: Witness
) -> None:
    for offset in (0, CHUNK):
        send(witness, offset)
    [entry] = written(installation, assignment, witness)
    assert entry.data == {"offsets": [CHUNK, 2 * CHUNK]}


def test_what_comes_in_between_keeps_its_place(
    installation: Installation, assignment: Assignment, witness: Witness
) -> None:
    send(witness, 0)
    witness.observe(Exchange(Sent.BYTES, Told.NOTHING, CHUNK))
    witness.observe(Exchange(Sent.QUESTION, Told.HELD, CHUNK, 308))
    send(witness, CHUNK)
    entries = written(installation, assignment, witness)
    assert [(entry.kind, entry.data.get("told")) for entry in entries] == [
        ("confirmed", None),
        ("answered", "nothing"),
        ("asked", "held"),
        ("confirmed", None),
    ]


def test_what_is_written_is_not_written_again(
    installation: Installation, assignment: Assignment, witness: Witness
) -> None:
    witness.observe(held(CHUNK))
    written(installation, assignment, witness)
    assert len(written(installation, assignment, witness)) == 1


@pytest.mark.parametrize(
    ("hashes", "summed", "known", "proof"),
    [
        (True, SIZE, None, Proof.SHA256),
        (False, SIZE, "b" * 64, Proof.BLOCKS),
        (False, SIZE, None, Proof.PARTIAL),
        (False, CHUNK, "b" * 64, Proof.PARTIAL),
        (False, 0, "b" * 64, Proof.NONE),
    ],
)
def test_a_video_is_identified_with_what_proves_its_bytes(
    installation: Installation,
    assignment: Assignment,
    witness: Witness,
    hashes: bool,
    summed: int,
    known: str | None,
    proof: Proof,
) -> None:
    digest = Digest(SIZE, hashes=hashes)
    digest.feed(memoryview(BYTES))
    witness.follow(digest)
    made = Finished("dQw", KnownBy.ANSWER)
    witness.identify(made, summed=summed, size=SIZE, sha256=known)
    *_, entry = written(installation, assignment, witness)
    sha256 = {Proof.SHA256: digest.sha256, Proof.BLOCKS: known}.get(proof)
    told = {"platformId": "dQw", "knownBy": "answer", "proof": proof}
    assert entry.data == told | ({"sha256": sha256} if sha256 else {})


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            PlatformUnavailable("platform_error", "It has trouble.", reason="backendError"),
            {"code": "platform_error", "reason": "backendError", "error": "It has trouble."},
        ),
        (
            SourceUnreachable("source_unreachable", "It does not answer."),
            {"during": "source", "code": "source_unreachable", "error": "It does not answer."},
        ),
        (interrupted(), {"code": "interrupted", "error": INTERRUPTED}),
        (CancelledError("It was cancelled."), {"code": "cancelled"}),
        (CancelledError("It is not held any more.", RUN_ENDED), {"code": "run_ended"}),
        (
            ValueError("secret"),
            {"code": "internal", "error": "Castline met an error of its own."},
        ),
    ],
)
def test_a_stop_is_noted_with_what_the_error_says(
    installation: Installation,
    assignment: Assignment,
    witness: Witness,
    error: Exception,
    said: dict[str, str],
) -> None:
    witness.turn_to(During.BYTES)
    witness.stop(error)
    [entry] = written(installation, assignment, witness)
    assert (entry.kind, entry.data) == ("stopped", {"during": "bytes", **said})


def test_an_error_happened_to_what_was_tried_last(
    installation: Installation, assignment: Assignment, witness: Witness
) -> None:
    with witness.during(During.LOOK):
        with witness.of_credential():
            pass
        witness.stop(ValueError())
        with suppress(ValueError), witness.of_credential():
            raise ValueError
        witness.stop(ValueError())
    witness.stop(ValueError())
    entries = written(installation, assignment, witness)
    assert [entry.data.get("during") for entry in entries] == ["look", "credential", None]


def test_a_question_about_bytes_belongs_to_sending_them(
    installation: Installation, assignment: Assignment, witness: Witness
) -> None:
    witness.turn_to(During.LOOK)
    witness.observe(Exchange(Sent.QUESTION, Told.HELD, CHUNK, 308))
    witness.stop(ValueError())
    witness.observe(Exchange(Sent.BYTES, Told.NOTHING, CHUNK))
    witness.observe(Exchange(Sent.QUESTION, Told.NOTHING, CHUNK))
    witness.stop(ValueError())
    stops = [e for e in written(installation, assignment, witness) if e.kind == "stopped"]
    assert [entry.data["during"] for entry in stops] == ["look", "bytes"]


def test_two_days_leave_some_hundreds_of_entries() -> None:
    at, count = 0.0, 0
    while at < DAYS:
        at += pause_after(at)
        count += 1
    assert 200 < count < 1000
