"""What Castline accepts the platforms accept, and what they refuse is refused at acceptance.

Ten thousand payloads, the same in every run. `PAYLOADS=200000` makes so many others.
"""

import os
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.agreement.judges import FacebookJudge, Judge, Payload, Refused, YouTubeJudge
from tests.agreement.payloads import FACEBOOK, NOW, YOUTUBE

PAYLOADS = int(os.environ.get("PAYLOADS", "10000"))
KINDS: dict[str, tuple[Judge, st.SearchStrategy[dict[str, Any]], float]] = {
    "youtube video": (YouTubeJudge(), YOUTUBE, 0.5),
    "facebook video": (FacebookJudge("video"), FACEBOOK, 0.25),
    "facebook reel": (FacebookJudge("reel"), FACEBOOK, 0.25),
}
TEXTS = {"title", "description", "tags"}
"""Fields whose rule is known: the two sides agree on them to the character."""


def is_refused_by(judge: Judge, payload: Payload) -> frozenset[str]:
    try:
        judge.take(payload, NOW)
    except Refused as refused:
        return refused.fields
    return frozenset()


def right_part(judge: Judge, payload: Payload) -> Payload:
    """What is left of a payload without the fields that the product refuses."""
    part = {"title": "Sourdough", **payload}
    while wrong := judge.faults(part, NOW):
        part = {name: value for name, value in part.items() if name not in wrong}
        part.setdefault("title", "Sourdough")
    return part


def is_text(name: str, value: Any) -> bool:
    """True for what reaches the platform as text, and is bounded by the platform's rules alone."""
    if name != "tags":
        return isinstance(value, str) and bool(value.strip())
    # Their number is a limit of ours: YouTube bounds their length.
    is_list = isinstance(value, list) and 0 < len(value) <= 250
    return is_list and all(isinstance(tag, str) and tag.strip() for tag in value)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_accepted_here_is_accepted_there_field_by_field(kind: str) -> None:
    judge, payloads, share = KINDS[kind]
    seen: Counter[str] = Counter()

    @settings(
        max_examples=round(PAYLOADS * share),
        deadline=None,
        derandomize="PAYLOADS" not in os.environ,
        database=None,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(payloads)
    def agrees(payload: dict[str, Any]) -> None:
        wrong = judge.faults(payload, NOW)
        part = right_part(judge, payload)
        # What is right is taken, as private as it was asked to be.
        assert is_refused_by(judge, part) == frozenset()
        is_public = "public" in (part.get("privacy"), part.get("ifPublishAtPassed"))
        assert is_public or judge.take(part, NOW) in ("private", part.get("privacy"))
        seen["accepted" if not wrong else "refused"] += 1
        for name in wrong.keys() & payload.keys():
            with_it = {**part, name: payload[name]}
            try:
                refused = is_refused_by(judge, with_it)
            except (AttributeError, KeyError, TypeError, ValueError):
                continue  # no request can be made of it
            seen[f"there: {name}"] += bool(refused)
            # Nothing else is refused there, and what is text is refused on both sides.
            assert not refused or name in refused, (name, payload[name])
            must_be = name in TEXTS and is_text(name, payload[name])
            assert refused or not must_be, (name, payload[name])

    agrees()
    assert seen["accepted"] > PAYLOADS * share / 50, seen
    assert seen["refused"] > PAYLOADS * share / 4, seen
    assert all(seen[f"there: {name}"] for name in ("title", "description")), seen
