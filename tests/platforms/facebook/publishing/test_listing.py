"""A video that was published without our knowledge, looked for in the Page's lists."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.errors import Unconfirmed
from domain.secrets import Secret
from media.file import FileSource, open_file
from media.policy import SourcePolicy
from platforms.facebook import Facebook
from platforms.facebook.publishing.listing import MOST_PAGES
from platforms.protocol import Credential, Publication, ReadBack
from testkit.clips import UPRIGHT, make_clip
from testkit.emulator import Emulator
from tests.platforms.facebook.publishing.conftest import SIZE, Sender
from tests.support.google import Scripted

NOW = datetime.now(UTC)
SINCE = NOW - timedelta(hours=1)
BEFORE = NOW - timedelta(days=1)
LENGTH = 4000
"""Milliseconds, of the clip."""


@pytest.fixture
def source(tmp_path: Path) -> Iterator[FileSource]:
    """A file that tells its length."""
    clip = make_clip(tmp_path, SIZE, UPRIGHT)
    source = open_file(clip.url, policy=SourcePolicy(roots=(tmp_path,)))
    yield source
    source.close()


@pytest.fixture(autouse=True)
def at_once(emulator: Emulator) -> None:
    emulator.switch(page_processing_seconds=0)


def read_back(
    sender: Sender,
    *,
    handle: Secret | None = None,
    since: datetime = SINCE,
    duration_ms: int | None = LENGTH,
    **wanted: Any,
) -> ReadBack:
    payload = {**sender.publication.payload, **wanted.pop("payload", {})}
    publication = replace(sender.publication, payload=payload, duration_ms=duration_ms, **wanted)
    return sender.facebook.read_back(sender.account.credential, publication, handle, since=since)


def matches(seen: ReadBack) -> list[tuple[str, bool]]:
    return [(one.id, one.is_match) for one in seen.candidates]


def test_a_public_video_is_known_again_by_title_length_and_time(sender: Sender) -> None:
    video_id = sender.run(fresh=True).platform_id

    seen = read_back(sender)

    assert (matches(seen), seen.platform_id) == ([(video_id, True)], None)
    (found,) = seen.candidates
    assert found.title == "Sourdough"
    assert found.url.startswith("https://www.facebook.com/")
    assert found.created_at is not None
    assert found.created_at >= SINCE


def test_where_nothing_was_published_the_lists_prove_it(sender: Sender) -> None:
    seen = read_back(sender)
    assert (seen.candidates, seen.is_whole) == ((), True)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"duration_ms": LENGTH + 1400}, [True]),
        ({"duration_ms": LENGTH + 1600}, []),
        ({"duration_ms": None}, [False]),
        ({"payload": {"title": "Rye"}}, []),
        ({"payload": {"title": "  Sourdough "}}, [True]),
        ({"payload": {"title": None}}, [False]),
        ({"payload": {"title": "Rye", "description": "Of the day"}}, []),
        ({"since": datetime.now(UTC) + timedelta(hours=1)}, []),
    ],
    ids=["as long", "longer", "no length", "title", "blanks", "no text", "both texts", "older"],
)
def test_what_agrees_decides(sender: Sender, wanted: dict[str, Any], expected: list[bool]) -> None:
    sender.run(fresh=True)
    seen = read_back(sender, **wanted)
    assert [one.is_match for one in seen.candidates] == expected
    assert seen.is_whole


def test_one_text_of_two_is_a_doubt(sender: Sender) -> None:
    sender.run(fresh=True)
    seen = read_back(sender, payload={"description": "Of the day"})
    assert [one.is_match for one in seen.candidates] == [False]


def test_a_draft_is_in_no_list_so_its_absence_proves_nothing(sender: Sender) -> None:
    seen = read_back(sender, payload={"privacy": "private"})
    assert (seen.candidates, seen.is_whole) == ((), False)


def test_a_vertical_video_is_found_among_the_reels(sender: Sender) -> None:
    video_id = sender.run(fresh=True).platform_id
    other = {"video": "reel", "reel": "video"}[sender.publication.type]
    assert matches(read_back(sender, type=other)) == [(video_id, True)]


@pytest.mark.parametrize("reason", ["100", "10"])
def test_a_list_that_may_not_be_read_decides_nothing(sender: Sender, reason: str) -> None:
    sender.fault("list", "graph_error", reason=reason)
    with pytest.raises(Unconfirmed, match="the task MANAGE"):
        read_back(sender)


def test_the_video_of_the_session_is_asked_first(sender: Sender) -> None:
    video_id = sender.run(fresh=True).platform_id
    assert read_back(sender, handle=sender.handle) == ReadBack(video_id)
    assert sender.calls("list") == 0


def test_a_session_that_made_nothing_says_nothing_of_another_one(sender: Sender) -> None:
    unfinished, sender.handle = (
        sender.handle,
        sender.facebook.open_session(sender.account.credential, sender.publication),
    )
    video_id = sender.run(fresh=True).platform_id
    assert matches(read_back(sender, handle=unfinished)) == [(video_id, True)]


def listed(id: str, created_at: datetime) -> dict[str, Any]:
    return {
        "id": id,
        "title": "Sourdough",
        "length": LENGTH / 1000,
        "created_time": f"{created_at:%Y-%m-%dT%H:%M:%S}+0000",
    }


def untimed(id: str) -> dict[str, Any]:
    return {name: value for name, value in listed(id, NOW).items() if name != "created_time"}


def page(*videos: dict[str, Any], goes_on: bool = False) -> tuple[int, Any]:
    paging = {"cursors": {"after": "there"}, "next": "https://graph.example/next"}
    return 200, {"data": list(videos), "paging": paging if goes_on else {}}


def broken_off(*videos: dict[str, Any]) -> tuple[int, Any]:
    """There are more, and how to come there is not told."""
    return 200, {"data": list(videos), "paging": {"next": "https://graph.example/next"}}


@pytest.mark.parametrize(
    ("pages", "found", "is_whole"),
    [
        ([page(listed("1", NOW), goes_on=True), page(listed("2", NOW)), page()], ["1", "2"], True),
        ([page(listed("1", BEFORE), goes_on=True), page()], [], True),
        ([page(listed("1", BEFORE), listed("2", NOW), goes_on=True), page(), page()], ["2"], True),
        ([page(listed("1", NOW), goes_on=True)] * MOST_PAGES + [page()], ["1"], False),
        ([page(untimed("1"), goes_on=True), page(), page()], ["1"], True),
        ([page(goes_on=True), page(listed("2", NOW)), page()], ["2"], True),
        ([broken_off(listed("1", NOW)), page()], ["1"], False),
        ([broken_off(listed("1", BEFORE)), page()], [], True),
    ],
    ids=[
        "to the end",
        "no further than the gap",
        "mixed",
        "too many",
        "no time",
        "nothing to show",
        "broken off",
        "broken off behind the gap",
    ],
)
def test_a_list_is_read_back_to_the_gap(
    scripted: Scripted,
    speaking: Facebook,
    publication: Publication,
    pages: list[tuple[int, Any]],
    found: list[str],
    is_whole: bool,
) -> None:
    scripted.answers = pages
    credential = Credential(Secret("access"), None, None, ("pages_manage_posts",))
    wanted = replace(publication, duration_ms=LENGTH)

    seen = speaking.read_back(credential, wanted, None, since=SINCE)

    assert [one.id for one in seen.candidates] == found
    assert seen.is_whole is is_whole
    assert scripted.answers == []
