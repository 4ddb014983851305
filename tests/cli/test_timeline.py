"""A timeline on a terminal, of an upload that goes on while its pages are read."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import httpx
import pytest

from cli.service import Place, Service
from cli.timeline import read_timeline, show_timeline
from domain.secrets import Secret

Meanwhile = Callable[[list[dict[str, Any]]], None]
EVIDENCE = {
    "platformId": None,
    "knownBy": None,
    "sessionsOpened": 1,
    "finishesSent": 0,
    "readBacks": 0,
    "reconciliations": 0,
    "proof": "none",
    "sha256": None,
}


def item(number: int) -> dict[str, Any]:
    at = f"2026-11-22T12:00:00.{number:06}Z"
    return {
        "at": at,
        "attempt": 1,
        "kind": "asked",
        "sentence": f"Line {number}.",
        "data": {},
        "times": 1,
        "latestAt": at,
    }


def shown(items: list[dict[str, Any]], meanwhile: Meanwhile) -> None:
    """Print it; `meanwhile` changes the items behind the first page."""

    def answer(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params.get("page", 1))
        limit = int(request.url.params["limit"])
        if page == 2:
            meanwhile(items)
        told = {
            "sentence": "YouTube has 1.0 of 2.0 MiB.",
            "waitingFor": None,
            "whatToDo": "Nothing: it goes on by itself.",
            "evidence": EVIDENCE,
            "items": items[(page - 1) * limit : page * limit],
            "total": len(items),
        }
        return httpx.Response(200, json=told)

    transport = httpx.MockTransport(answer)
    place = Place("http://castline", "")
    show_timeline(read_timeline(Service(place, Secret("cl_x"), transport=transport), "asg_1"))


def printed(capsys: pytest.CaptureFixture[str]) -> list[int]:
    words = capsys.readouterr().out.split()
    numbers = pairwise(words)
    return [int(number[:-1]) for line, number in numbers if line == "Line"]


def test_what_comes_in_between_repeats_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    shown([item(n) for n in range(250)], lambda items: items.insert(100, item(1000)))
    assert printed(capsys) == list(range(250))


def test_what_grows_is_told_to_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    shown(
        [item(n) for n in range(250)],
        lambda items: items.extend(item(n) for n in range(250, 450)),
    )
    assert printed(capsys) == list(range(450))


def test_what_is_seen_once_more_meanwhile_is_told_once_with_its_latest_count(
    capsys: pytest.CaptureFixture[str],
) -> None:
    often = {**item(199), "times": 214, "latestAt": "2026-11-29T12:03:08.5Z"}

    def count_up(items: list[dict[str, Any]]) -> None:
        items[199] = often
        items.insert(0, item(1000))

    shown([item(n) for n in range(250)], count_up)
    out = capsys.readouterr().out
    assert " ".join(out.split()).count("Line 199.") == 1
    assert "Line 199. (214 times, until 2026-11-29 12:03:08)" in " ".join(out.split())


def test_a_sentence_does_not_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    said = {**item(1), "sentence": "A person had it sent anew: \x1b[2J\x07looked."}
    shown([said], lambda items: None)
    out = capsys.readouterr().out
    assert "looked." in out
    assert not {"\x1b", "\x07"} & set(out)
