"""Everything that may be told has a sentence, and says what happened."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import sentences
from domain.evidence import During, EvidenceKind, Told
from domain.states import AssignmentState, KnownBy, PlatformName, StepName, WaitReason

MIB = 1024 * 1024
YOUTUBE, FACEBOOK = PlatformName.YOUTUBE, PlatformName.FACEBOOK

SINCE = "2026-11-30T04:00:00Z"
SEEN: list[tuple[EvidenceKind, dict[str, Any], str]] = [
    (EvidenceKind.SESSION_OPENED, {}, "YouTube opened an upload session."),
    (
        EvidenceKind.SESSION_OPENED,
        {"videoId": "42"},
        "YouTube opened an upload session for the video 42.",
    ),
    (EvidenceKind.CONFIRMED, {"offsets": [4 * MIB, 12 * MIB]}, "YouTube has 12.0 of 40.0 MiB."),
    (
        EvidenceKind.ASKED,
        {"told": "finished", "platformId": "dQw"},
        "YouTube was asked what it has: everything, and the video is dQw.",
    ),
    (EvidenceKind.FINISH_SENT, {}, "The request that completes the upload leaves."),
    (
        EvidenceKind.ANSWERED,
        {"to": "finish", "told": "nothing"},
        "The answer to the last byte was lost.",
    ),
    (
        EvidenceKind.ANSWERED,
        {"to": "bytes", "told": "nothing"},
        "The connection under the bytes was lost.",
    ),
    (
        EvidenceKind.ANSWERED,
        {"to": "finish", "told": "finished", "platformId": "dQw"},
        "YouTube answered the request that completes the upload: everything, and the video is dQw.",
    ),
    (
        EvidenceKind.WORKFLOW_LOST,
        {"how": "terminated", "since": "2026-11-30T04:00:00Z"},
        "Its workflow was terminated at 2026-11-30T04:00:00Z. "
        "Another workflow continues from the recorded state.",
    ),
    (
        EvidenceKind.WORKFLOW_LOST,
        {"how": "missing", "since": "2026-11-30T04:00:00Z"},
        "Temporal does not know its workflow. The last sign of it is of 2026-11-30T04:00:00Z. "
        "Another workflow continues from the recorded state.",
    ),
    (
        EvidenceKind.STOPPED,
        {"code": "run_ended"},
        "The transfer was stopped: Temporal does not hold this run of it any more.",
    ),
    (EvidenceKind.STOPPED, {"code": "interrupted"}, "The worker was stopped; another one goes on."),
    (
        EvidenceKind.STOPPED,
        {"during": "session", "code": "platform_error", "error": "YouTube has trouble."},
        "Opening the upload session failed: YouTube has trouble.",
    ),
    (
        EvidenceKind.STOPPED,
        {"code": "internal", "error": "Castline met an error of its own."},
        "The transfer failed: Castline met an error of its own.",
    ),
    (
        EvidenceKind.STEP,
        {"step": "thumbnail", "told": "error", "error": "It is over 2 MiB."},
        "Its thumbnail failed: It is over 2 MiB.",
    ),
    (
        EvidenceKind.STEP,
        {"step": "processing", "told": "error", "during": "credential", "error": "It is dead."},
        "Looking at the processing failed for want of a valid credential: It is dead.",
    ),
    (
        EvidenceKind.STEP,
        {"step": "captions", "told": "finished"},
        "Its captions were added.",
    ),
    (
        EvidenceKind.SESSION_LOST,
        {"mayExist": True},
        "YouTube does not know the upload session any more. "
        "It may have made the video: the account's videos are read first.",
    ),
    (
        EvidenceKind.RECONCILED,
        {"told": "finished", "platformId": "dQw"},
        "The account's videos were read: dQw is the one.",
    ),
    (
        EvidenceKind.READ_BACK,
        {"told": "finished", "since": SINCE, "platformId": "dQw"},
        f"The database was restored. The account's videos since {SINCE} were read: dQw is the one.",
    ),
    (
        EvidenceKind.READ_BACK,
        {"told": "absent", "since": SINCE},
        f"The database was restored. The account's videos since {SINCE} were read: it is not "
        "among them.",
    ),
    (
        EvidenceKind.READ_BACK,
        {
            "told": "unclear",
            "since": SINCE,
            "candidates": [
                {"id": "1", "title": "Bread", "createdAt": None, "url": "https://f.example/1"},
                {"id": "2", "title": None, "createdAt": None, "url": "https://f.example/2"},
            ],
        },
        f"The database was restored. The account's videos since {SINCE} were read. YouTube does "
        'not tell for certain whether it is among them; it may be 1 "Bread" (https://f.example/1), '
        "2 (https://f.example/2).",
    ),
    (EvidenceKind.SESSION_DISCARDED, {}, "The upload session was given up."),
    (
        EvidenceKind.SOURCE_REPLACED,
        {"same": True},
        "The video has another address. It is the same file, and the upload continues.",
    ),
    (
        EvidenceKind.SOURCE_REPLACED,
        {"same": False},
        "The video was replaced by another file. Its upload begins again.",
    ),
    (
        EvidenceKind.STEPS_RETRIED,
        {"steps": ["thumbnail", "playlist"]},
        "A retry does again what had failed: thumbnail, playlist.",
    ),
    (EvidenceKind.FORCED, {"reason": "I looked."}, "A person ended the reading: I looked."),
    (
        EvidenceKind.IDENTIFIED,
        {"platformId": "dQw", "knownBy": "answer"},
        "The video is dQw: YouTube said so itself.",
    ),
]


@pytest.mark.parametrize(("kind", "data", "sentence"), SEEN)
def test_an_observation_is_told(kind: EvidenceKind, data: dict[str, Any], sentence: str) -> None:
    assert sentences.of_evidence(kind, data, YOUTUBE, 40 * MIB) == sentence


def test_every_kind_of_observation_is_told() -> None:
    assert {kind for kind, _, _ in SEEN} == set(EvidenceKind)


@pytest.mark.parametrize("during", During)
def test_everything_that_may_fail_is_told_by_its_name(during: During) -> None:
    data = {"during": during, "code": "no", "error": "No."}
    said = sentences.of_evidence(EvidenceKind.STOPPED, data, FACEBOOK, 10)
    assert said.endswith(" failed: No.")


@pytest.mark.parametrize("step", [StepName.THUMBNAIL, StepName.CAPTIONS, StepName.PLAYLIST])
def test_every_step_is_told_whatever_came_of_it(step: StepName) -> None:
    for told in (Told.FINISHED, Told.ERROR):
        data = {"step": step, "told": told, "error": "No."}
        said = sentences.of_evidence(EvidenceKind.STEP, data, YOUTUBE, 10)
        assert ("failed: No." in said) == (told is Told.ERROR)


@pytest.mark.parametrize("told", Told)
@pytest.mark.parametrize("kind", [EvidenceKind.ASKED, EvidenceKind.RECONCILED])
def test_every_answer_is_told_otherwise(kind: EvidenceKind, told: Told) -> None:
    data = {"told": told, "offset": 5, "platformId": "42", "code": "not_found"}
    sentence = sentences.of_evidence(kind, data, FACEBOOK, 10)
    assert sentence.endswith(".")
    assert "None" not in sentence


@pytest.mark.parametrize("known_by", KnownBy)
def test_every_way_of_knowing_is_told(known_by: KnownBy) -> None:
    data = {"platformId": "42", "knownBy": known_by}
    assert "42" in sentences.of_evidence(EvidenceKind.IDENTIFIED, data, FACEBOOK, 10)


@pytest.mark.parametrize("platform", PlatformName)
@pytest.mark.parametrize("state", AssignmentState)
def test_every_state_is_told(state: AssignmentState, platform: PlatformName) -> None:
    data = {
        "attempt": 1,
        "waitReason": "quota",
        "waitUntil": "2026-11-22T12:00:00Z",
        "error": "The budget is empty.",
        "platformUrl": "https://example.com/42",
    }
    sentence = sentences.of_state(state, data, platform)
    assert "None" not in sentence
    assert len(sentence) > 10


@pytest.mark.parametrize("reason", WaitReason)
def test_every_wait_is_told(reason: WaitReason) -> None:
    said = sentences.waited_for({"waitReason": reason, "waitUntil": None}, YOUTUBE)
    assert "{" not in said


@pytest.mark.parametrize(
    ("attempt", "turn", "said"),
    [
        (1, 1, "It was accepted."),
        (1, 2, "It takes its turn again."),
        (3, 1, "Attempt 3 was begun."),
        (3, 2, "It takes its turn again."),
        (3, None, "It takes its turn."),
    ],
)
def test_an_attempt_is_begun_once(attempt: int, turn: int | None, said: str) -> None:
    data = {"attempt": attempt}
    assert sentences.of_state(AssignmentState.PENDING, data, YOUTUBE, turn=turn) == said


def test_what_is_queued_says_for_what() -> None:
    data = {"attempt": 1, "queuedAt": "2026-11-22T12:00:00Z"}
    said = sentences.of_state(AssignmentState.PENDING, data, YOUTUBE)
    assert said == sentences.QUEUED


def test_what_is_published_tells_its_warnings() -> None:
    data = {
        "platformUrl": "https://youtu.be/dQw",
        "warnings": {
            "privacy_differs": "Asked for public; YouTube made the video private.",
            "thumbnail_failed": "The image is not there.",
        },
    }
    assert sentences.of_state(AssignmentState.PUBLISHED, data, YOUTUBE) == (
        "It is published: https://youtu.be/dQw Asked for public; YouTube made the video private. "
        "Its thumbnail failed: The image is not there."
    )


@pytest.mark.parametrize(
    ("held", "total", "said"),
    [
        (0, 700, "0 of 700 bytes"),
        (512, 2048, "0.5 of 2.0 KiB"),
        (12 * MIB, 40 * MIB, "12.0 of 40.0 MiB"),
        (3 << 29, 5 << 30, "1.5 of 5.0 GiB"),
        (40 * MIB - 1, 40 * MIB, "39.9 of 40.0 MiB"),
        (40 * MIB, 40 * MIB + 1, "40.0 of 40.1 MiB"),
        (40 * MIB + 1, 40 * MIB + 1, "40.1 of 40.1 MiB"),
        (1023, 1024, "0.9 of 1.0 KiB"),
    ],
)
def test_an_amount_is_told_in_the_unit_of_the_whole(held: int, total: int, said: str) -> None:
    assert sentences.amount(held, total) == said


@given(
    st.integers(1, 256 * 10**9).flatmap(
        lambda size: st.tuples(st.integers(0, size - 1), st.just(size))
    )
)
def test_a_part_never_reads_like_the_whole(part: tuple[int, int]) -> None:
    held, total, _ = sentences.amount(*part).replace(" of ", " ").split()
    assert float(held) < float(total)
