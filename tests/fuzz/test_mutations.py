"""Hostile input: the same for the same seed, and with everything in it that is to be tried."""

import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from fuzz.attacks import ATTACKS
from fuzz.mutations import disguise_path, mutate, mutate_json, query, referring
from fuzz.running import Plan
from fuzz.target import CAPTIONS, CLIPS, HOSTILE, PICTURES

TIMES = 200
BODY = {"title": "A clip", "tags": ["a", "b"], "payload": {"deep": {"number": 1}}}
MAKERS: dict[str, Callable[[random.Random], Any]] = {
    "a clip": lambda rng: mutate(rng, CLIPS[0]),
    "a picture": lambda rng: mutate(rng, rng.choice(PICTURES)),
    "captions": lambda rng: mutate(rng, rng.choice(CAPTIONS)),
    "a manifest or a movie": lambda rng: referring(rng, CLIPS[0], "/a/file", "http://host/a"),
    "a body": lambda rng: json.dumps(mutate_json(rng, BODY)),
    "a query": lambda rng: query(rng, "/api/v1/assignments"),
    "a path": lambda rng: disguise_path(rng, "/media/root", "/etc/passwd"),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_the_same_seed_makes_the_same_input(kind: str) -> None:
    def made(seed: int) -> list[Any]:
        rng = random.Random(seed)
        return [MAKERS[kind](rng) for _ in range(TIMES)]

    assert made(7) == made(7)
    assert made(7) != made(8)


def test_an_attack_is_the_same_whatever_ran_before_it() -> None:
    def drawn(plan: Plan, number: int) -> tuple[str, float]:
        name, rng = plan.attack(number)
        return name, rng.random()

    whole = {number: drawn(Plan(7, None, count=9), number) for number in range(9)}
    later = Plan(7, None, first=5, count=1)
    assert list(later.numbers()) == [5]
    assert drawn(later, 5) == whole[5]
    assert drawn(Plan(8, None), 5) != whole[5]


def test_every_attack_comes_up() -> None:
    plan = Plan(7, None)
    assert {plan.attack(number)[0] for number in range(TIMES)} == set(ATTACKS)


def test_a_plan_ends_with_its_count_or_with_its_time() -> None:
    assert list(Plan(7, None, first=3, count=2).numbers()) == [3, 4]
    assert len(list(Plan(7, 60.0, count=4).numbers())) == 4
    assert list(Plan(7, -1.0).numbers()) == []


def test_a_mutated_file_is_another_one_of_a_bounded_size() -> None:
    rng = random.Random(7)
    made = [mutate(rng, CLIPS[0]) for _ in range(TIMES)]
    assert len({*made, CLIPS[0]}) > 0.9 * TIMES
    assert all(1 <= len(data) <= 4 << 20 for data in made)


def test_the_seeds_include_the_files_that_made_the_parser_run_away() -> None:
    assert {len(data) for data in HOSTILE} == {35_483, 56_829}


def test_manifests_and_movies_name_the_file_and_the_host_in_many_forms() -> None:
    rng = random.Random(7)
    made = [referring(rng, CLIPS[0], "/a/canary", "http://host:1/a") for _ in range(TIMES)]
    texts = [data.replace(b"\0", b"") for data in made]
    for sign in (b"#EXTM3U", b"<MPD", b"SmoothStreamingMedia", b"rmra", b"dref", b"/a/canary"):
        assert any(sign in text for text in texts), sign
    assert any(b"gopher://host:1" in text for text in texts)
    assert any(data.startswith(b"\xef\xbb\xbf") for data in made)
