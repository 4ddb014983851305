"""Everything that may be told has a sentence, and says what happened."""

from typing import Any

import pytest

from domain import sentences
from domain.evidence import EvidenceKind, Told
from domain.states import AssignmentState, KnownBy, PlatformName, WaitReason

MIB = 1024 * 1024
YOUTUBE, FACEBOOK = PlatformName.YOUTUBE, PlatformName.FACEBOOK

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
    (EvidenceKind.STOPPED, {"code": "interrupted"}, "The worker was stopped; another one goes on."),
    (
        EvidenceKind.STOPPED,
        {"code": "platform_unavailable"},
        "The transfer came to a stop: platform_unavailable.",
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
    (EvidenceKind.SESSION_DISCARDED, {}, "The upload session was given up."),
    (EvidenceKind.FORCED, {"reason": "I looked."}, "A person had it sent anew: I looked."),
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


def test_a_retry_is_told_by_its_number() -> None:
    said = sentences.of_state(AssignmentState.PENDING, {"attempt": 3}, YOUTUBE)
    assert said == "Attempt 3 was begun."


@pytest.mark.parametrize(
    ("held", "total", "said"),
    [
        (0, 700, "0 of 700 bytes"),
        (512, 2048, "0.5 of 2.0 KiB"),
        (12 * MIB, 40 * MIB, "12.0 of 40.0 MiB"),
        (3 << 29, 5 << 30, "1.5 of 5.0 GiB"),
    ],
)
def test_an_amount_is_told_in_the_unit_of_the_whole(held: int, total: int, said: str) -> None:
    assert sentences.amount(held, total) == said
