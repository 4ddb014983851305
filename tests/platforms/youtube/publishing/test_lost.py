"""The video of a lost session: found, absent, or neither of both."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.errors import PlatformUnavailable, Unconfirmed
from platforms.protocol import Credential, Publication
from platforms.youtube import YouTube
from platforms.youtube.publishing.lost import MOST_PAGES
from testkit.emulator import Emulator
from tests.support.google import CREDENTIAL, UNTOLD, Scripted, upload_others

NOW = datetime.now(UTC)
SINCE = NOW - timedelta(hours=1)
BEFORE = NOW - timedelta(days=1)


def find(adapter: YouTube, credential: Credential, publication: Publication) -> str | None:
    return adapter.find_published(credential, publication, None, since=SINCE)


def test_a_published_video_is_found_by_its_marker_and_size(
    connect: Any, youtube: YouTube, publish: Any, publication: Publication
) -> None:
    credential = connect()
    assert find(youtube, credential, publication) is None
    video = publish(credential, publication)
    assert find(youtube, credential, publication) == video
    assert find(youtube, credential, replace(publication, marker="other.mp4")) is None
    assert find(youtube, credential, replace(publication, size=1)) is None


def test_a_video_of_another_channel_is_not_found(
    connect: Any, youtube: YouTube, publish: Any, publication: Publication
) -> None:
    publish(connect(), publication)
    assert find(youtube, connect("ben@example.test"), publication) is None


def test_it_is_found_behind_more_than_a_hundred_newer_uploads(
    emulator: Emulator, connect: Any, youtube: YouTube, publish: Any, publication: Publication
) -> None:
    credential = connect()
    video = publish(credential, publication)
    upload_others(emulator, credential.access_token, 101)
    assert find(youtube, credential, publication) == video
    assert emulator.calls("playlistItems.list") == 3
    # Absence is decided as well: everything since then was read.
    assert find(youtube, credential, replace(publication, marker="other.mp4")) is None


def test_a_listing_that_lags_does_not_have_it_yet(
    emulator: Emulator, connect: Any, youtube: YouTube, publish: Any, publication: Publication
) -> None:
    emulator.switch(listing_lag_seconds=600)
    credential = connect()
    video = publish(credential, publication)
    assert find(youtube, credential, publication) is None
    emulator.advance(601)
    assert find(youtube, credential, publication) == video


@pytest.mark.parametrize("hidden", ["no_file_details", "not_found_yet"])
def test_an_upload_that_does_not_tell_its_file_decides_nothing(
    emulator: Emulator,
    connect: Any,
    youtube: YouTube,
    publish: Any,
    publication: Publication,
    hidden: str,
) -> None:
    credential = connect()
    video = publish(credential, publication)
    emulator.fault("videos.list", hidden, times=2)
    with pytest.raises(Unconfirmed) as caught:
        find(youtube, credential, publication)
    assert caught.value.code == "outcome_unconfirmed"
    # One of another title is none that could be ours.
    other = replace(publication, payload={"title": "Rye"})
    assert find(youtube, credential, other) is None
    assert find(youtube, credential, publication) == video


def entry(id: str, *, title: str = "Sourdough", added_at: datetime = NOW) -> dict[str, Any]:
    return {
        "snippet": {
            "resourceId": {"videoId": id},
            "title": title,
            "publishedAt": added_at.isoformat().replace("+00:00", "Z"),
        }
    }


def video(id: str, name: str | None, size: int | None, **status: str) -> dict[str, Any]:
    told = {"fileName": name, "fileSize": None if size is None else str(size)}
    details = {field: value for field, value in told.items() if value is not None}
    return {"id": id, "fileDetails": details, "status": status}


CHANNEL = (
    200,
    {"items": [{"id": "UC1", "contentDetails": {"relatedPlaylists": {"uploads": "UU1"}}}]},
)


def page(*entries: dict[str, Any], more: bool = False) -> tuple[int, Any]:
    return 200, {"items": list(entries), **({"nextPageToken": "more"} if more else {})}


def shown(*videos: dict[str, Any]) -> tuple[int, Any]:
    return 200, {"items": list(videos)}


def test_an_upload_that_was_given_up_is_not_found(
    scripted: Scripted, speaking: YouTube, publication: Publication
) -> None:
    ours = (publication.marker, publication.size)
    scripted.answers = [
        CHANNEL,
        page(entry("aborted"), entry("deleted"), entry("rejected")),
        shown(
            video("aborted", *ours, uploadStatus="failed", failureReason="uploadAborted"),
            video("deleted", *ours, uploadStatus="deleted"),
            video("rejected", *ours, uploadStatus="rejected", rejectionReason="duplicate"),
        ),
    ]
    assert find(speaking, CREDENTIAL, publication) == "rejected"


@pytest.mark.parametrize(
    ("name", "size", "is_clear"),
    [
        (None, None, False),
        ("unknown", None, False),
        ("unknown", "ours", False),
        ("unknown", 1, True),
        (None, 1, True),
        ("other.mp4", None, True),
    ],
)
def test_a_file_without_a_name_may_be_ours_unless_its_size_differs(
    scripted: Scripted,
    speaking: YouTube,
    publication: Publication,
    name: str | None,
    size: Any,
    is_clear: bool,
) -> None:
    said = video("V", name, publication.size if size == "ours" else size)
    scripted.answers = [CHANNEL, page(entry("V")), shown(said)]
    if is_clear:
        assert find(speaking, CREDENTIAL, publication) is None
        return
    with pytest.raises(Unconfirmed):
        find(speaking, CREDENTIAL, publication)


@pytest.mark.parametrize("word", UNTOLD)
def test_what_has_no_id_is_not_found(
    scripted: Scripted, speaking: YouTube, publication: Publication, word: str
) -> None:
    found = video(word, publication.marker, publication.size)
    scripted.answers = [CHANNEL, page(entry(word)), shown(found)]
    with pytest.raises(PlatformUnavailable) as caught:
        find(speaking, CREDENTIAL, publication)
    assert caught.value.code == "unreadable_answer"


def test_what_is_older_than_the_session_brings_no_doubt(
    scripted: Scripted, speaking: YouTube, publication: Publication
) -> None:
    scripted.answers = [CHANNEL, page(entry("V", added_at=BEFORE)), shown(video("V", None, None))]
    assert find(speaking, CREDENTIAL, publication) is None


def test_a_doubt_on_one_page_ends_with_a_find_on_the_next(
    scripted: Scripted, speaking: YouTube, publication: Publication
) -> None:
    found = video("ours", publication.marker, publication.size)
    scripted.answers = [
        CHANNEL,
        page(entry("doubt"), more=True),
        shown(video("doubt", None, None)),
        page(entry("ours")),
        shown(found),
    ]
    assert find(speaking, CREDENTIAL, publication) == "ours"


def test_the_look_ends_with_the_page_that_is_older(
    scripted: Scripted, speaking: YouTube, publication: Publication
) -> None:
    other = shown(video("other", "other.mp4", 1))
    scripted.answers = [
        CHANNEL,
        page(entry("other"), entry("other", added_at=BEFORE), more=True),
        other,
        page(more=True),
        page(entry("other", added_at=BEFORE), more=True),
        other,
    ]
    assert find(speaking, CREDENTIAL, publication) is None
    assert len(scripted.asked) == 6
    assert "pageToken=more" in scripted.asked[3][1]


def test_more_uploads_than_are_read_decide_nothing(
    scripted: Scripted, speaking: YouTube, publication: Publication
) -> None:
    pages = [page(entry("other"), more=True), shown(video("other", "other.mp4", 1))]
    scripted.answers = [CHANNEL, *pages * MOST_PAGES]
    with pytest.raises(Unconfirmed):
        find(speaking, CREDENTIAL, publication)
    assert len(scripted.asked) == 1 + 2 * MOST_PAGES


def test_a_channel_that_never_uploaded_has_no_list(
    scripted: Scripted, speaking: YouTube, publication: Publication
) -> None:
    missing = {"error": {"errors": [{"reason": "playlistNotFound"}]}}
    scripted.answers = [CHANNEL, (404, missing)]
    assert find(speaking, CREDENTIAL, publication) is None
    assert len(scripted.asked) == 2


def test_a_look_that_is_refused_decides_nothing(
    scripted: Scripted, speaking: YouTube, publication: Publication
) -> None:
    refused = {"error": {"errors": [{"reason": "playlistItemsNotAccessible"}]}}
    scripted.answers = [CHANNEL, (403, refused)]
    with pytest.raises(Unconfirmed):
        find(speaking, CREDENTIAL, publication)


def test_a_look_that_is_interrupted_finds_no_none(
    emulator: Emulator, connect: Any, youtube: YouTube, publish: Any, publication: Publication
) -> None:
    credential = connect()
    publish(credential, publication)
    for operation in ("channels.list", "playlistItems.list", "videos.list"):
        emulator.fault(operation, "status", status=503)
        with pytest.raises(PlatformUnavailable):
            find(youtube, credential, publication)
