"""`videos.update` replaces whole parts, all of them or none."""

from typing import Any

import httpx2
import pytest

from tests.emulator.google.conftest import public
from tests.emulator.stranger import Stranger, reason

ALL = "snippet,status,localizations,recordingDetails"


def update(client: Stranger, part: str, **body: Any) -> httpx2.Response:
    return client.ask("PUT", f"/youtube/v3/videos?part={part}", json=body)


def parts(client: Stranger, video: str) -> dict[str, Any]:
    found = client.video(video, ALL)
    return {name: found.get(name) for name in ALL.split(",")}


@pytest.mark.parametrize(
    ("part", "change", "word"),
    [
        ("status,colour", {"status": {"privacyStatus": "unlisted"}}, "unknownPart"),
        ("status,snippet", {"status": {"privacyStatus": "unlisted"}}, "invalidVideoMetadata"),
        (
            "status,recordingDetails",
            {"status": {"privacyStatus": "unlisted"}, "recordingDetails": {"recordingDate": "x"}},
            "invalidRecordingDetails",
        ),
        ("snippet", {"snippet": {"title": "Only a title"}}, "invalidVideoMetadata"),
        ("snippet", {"snippet": {"categoryId": "22"}}, "invalidVideoMetadata"),
        ("snippet", {"snippet": {"title": "", "categoryId": "22"}}, "invalidTitle"),
        ("snippet", {"snippet": {"title": "t", "categoryId": "9999"}}, "invalidCategoryId"),
        (
            "status",
            {"snippet": {"title": "t", "categoryId": "22"}, "status": {}},
            "unexpectedPart",
        ),
        (
            "status,localizations",
            {"status": {"privacyStatus": "unlisted"}, "localizations": {"de": {"title": "T"}}},
            "defaultLanguageNotSet",
        ),
    ],
)
def test_an_update_that_will_not_do_changes_nothing(
    ana: Stranger, part: str, change: dict[str, Any], word: str
) -> None:
    video = ana.upload()["id"]
    before = parts(ana, video)
    answer = update(ana, part, id=video, **change)
    assert (answer.status_code, reason(answer)) == (400, word)
    assert parts(ana, video) == before


def test_all_parts_that_can_be_set_are_replaced(ana: Stranger) -> None:
    video = ana.upload()["id"]
    change: dict[str, dict[str, Any]] = {
        "snippet": {"title": "New", "categoryId": "10", "defaultLanguage": "en"},
        "status": {"privacyStatus": "unlisted", "license": "creativeCommon"},
        "localizations": {"de": {"title": "Neu", "description": ""}},
        "recordingDetails": {"recordingDate": "2026-11-01T00:00:00Z"},
    }
    answer = update(ana, ALL, id=video, **change)
    assert answer.is_success, answer.text
    for part, content in change.items():
        assert content.items() <= answer.json()[part].items()
    assert parts(ana, video) == {name: answer.json()[name] for name in ALL.split(",")}


def test_what_a_named_part_does_not_give_is_deleted(ana: Stranger) -> None:
    video = ana.upload(
        part=ALL,
        snippet={"title": "Old", "description": "d", "tags": ["a"], "defaultLanguage": "en"},
        status={"privacyStatus": "private", "license": "creativeCommon"},
        localizations={"de": {"title": "Alt"}},
        recordingDetails={"recordingDate": "2026-11-01T00:00:00Z"},
    )["id"]
    kept = parts(ana, video)
    update(ana, "snippet", id=video, snippet={"title": "New", "categoryId": "22"})
    after = parts(ana, video)
    assert after["snippet"]["description"] == ""
    assert "tags" not in after["snippet"]
    assert after["status"] == kept["status"]
    assert after["localizations"] == kept["localizations"]

    update(ana, "localizations,recordingDetails", id=video)
    after = parts(ana, video)
    assert (after["localizations"], after["recordingDetails"]) == (None, None)

    # Google: without a value the video goes back to the default, which is public.
    update(ana, "status", id=video, status={"embeddable": False})
    status = parts(ana, video)["status"]
    assert (status["privacyStatus"], status["license"]) == ("public", "youtube")


def test_a_public_video_cannot_be_scheduled(ana: Stranger) -> None:
    video = ana.upload(**public("Out"))["id"]
    status = {"privacyStatus": "private", "publishAt": "2126-01-01T00:00:00Z"}
    assert reason(update(ana, "status", id=video, status=status)) == "invalidPublishAt"


def test_a_part_that_cannot_be_set_is_only_answered(ana: Stranger) -> None:
    video = ana.upload()["id"]
    answer = update(ana, "status,statistics", id=video, status={"privacyStatus": "unlisted"})
    assert answer.json()["statistics"]["viewCount"] == "0"


def test_only_its_owner_updates_a_video(ana: Stranger, ben: Stranger) -> None:
    video = ana.upload(**public("Hers"))["id"]
    foreign = update(ben, "status", id=video, status={"privacyStatus": "private"})
    assert (foreign.status_code, reason(foreign)) == (403, "forbidden")
    unknown = update(ana, "status", id="none", status={"privacyStatus": "private"})
    assert (unknown.status_code, reason(unknown)) == (404, "videoNotFound")
