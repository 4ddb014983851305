"""Videos and channels: what is accepted, what is shown, and what becomes of it."""

from typing import Any

import pytest

from testkit.emulator import Emulator
from tests.emulator.stranger import READ, UPLOAD, Stranger, reason

VIDEOS, CHANNELS = "/youtube/v3/videos", "/youtube/v3/channels"
HOUR = 3600


def snippet(**fields: Any) -> dict[str, Any]:
    """Return the body of an insert."""
    return {"snippet": {"title": "A title", **fields}}


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"snippet": {"title": ""}}, "invalidTitle"),
        ({"snippet": {}}, "invalidTitle"),
        (snippet(title="x" * 101), "invalidTitle"),
        (snippet(title="a < b"), "invalidTitle"),
        (snippet(description="é" * 2501), "invalidDescription"),
        (snippet(description="->"), "invalidDescription"),
        (snippet(tags=["x" * 250, "x" * 250]), "invalidTags"),
        (snippet(tags=["x" * 200 + " x", "x" * 296]), "invalidTags"),
        (snippet(tags="one"), "invalidTags"),
        (snippet(tags=["a", "<b>"]), "invalidTags"),
        (snippet(tags=["a\x07"]), "invalidTags"),
        (snippet(title="a\x07b"), "invalidTitle"),
        (snippet(title="a\nb"), "invalidTitle"),
        (snippet(description="a\x0bb\x1b[0m"), "invalidDescription"),
        (snippet(categoryId="9999"), "invalidCategoryId"),
        (snippet(categoryId="30"), "invalidCategoryId"),
        (snippet(defaultLanguage="cn"), "invalidVideoMetadata"),
        ({**snippet(), "status": {"privacyStatus": "secret"}}, "invalidVideoMetadata"),
        ({**snippet(), "status": {"publishAt": "2030-01-01T00:00:00Z"}}, "invalidPublishAt"),
        (
            {**snippet(), "status": {"privacyStatus": "private", "publishAt": "soon"}},
            "invalidPublishAt",
        ),
        ({**snippet(), "status": {"embeddable": "yes"}}, "badRequest"),
        ({**snippet(), "localizations": {"de": {"title": "T"}}}, "defaultLanguageNotSet"),
        ({**snippet(), "recordingDetails": {"recordingDate": "x"}}, "invalidRecordingDetails"),
    ],
)
def test_metadata_that_will_not_do_is_refused_at_the_start(
    ana: Stranger, body: dict[str, Any], word: str
) -> None:
    answer = ana.start(10, part=",".join(body), **body)
    assert (answer.status_code, reason(answer)) == (400, word)
    assert ana.emulator.state()["sessions"] == []


@pytest.mark.parametrize(
    "body",
    [
        snippet(title="x" * 100),
        snippet(description="é" * 2500),
        snippet(description="a\nb\r\n\tc"),
        snippet(tags=["x" * 250, "x" * 249]),
        snippet(defaultLanguage="pt-BR"),
    ],
)
def test_metadata_at_its_limit_is_accepted(ana: Stranger, body: dict[str, Any]) -> None:
    assert ana.start(10, part="snippet", **body).status_code == 200


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (snippet(title="\N{CLOWN FACE}" * 51), "invalidTitle"),
        (snippet(tags=["\N{CLOWN FACE}" * 251]), "invalidTags"),
    ],
)
def test_characters_are_utf16_units_or_code_points(
    ana: Stranger, body: dict[str, Any], word: str
) -> None:
    assert reason(ana.start(10, part="snippet", **body)) == word
    ana.emulator.switch(text_in_utf16_units=False)
    assert ana.start(10, part="snippet", **body).status_code == 200


def test_a_body_may_set_only_the_parts_that_are_named(ana: Stranger) -> None:
    answer = ana.start(10, part="snippet", **snippet(), status={"privacyStatus": "private"})
    assert reason(answer) == "unexpectedPart"


def test_angle_brackets_are_escaped_on_the_wire(ana: Stranger) -> None:
    ana.emulator.fault("videos.list", "quota_exceeded")
    answer = ana.ask("GET", f"{VIDEOS}?part=id&id=x")
    assert "\\u003ca href" in answer.text
    assert "<" not in answer.text


def test_without_a_privacy_a_video_is_public(ana: Stranger) -> None:
    video = ana.upload(**snippet(), status={"embeddable": True})
    assert video["status"]["privacyStatus"] == "public"


def test_uploads_can_be_locked_private_as_they_once_were(ana: Stranger) -> None:
    ana.emulator.switch(lock_uploads_private=True)
    video = ana.upload(**snippet(), status={"privacyStatus": "public"})
    assert video["status"]["privacyStatus"] == "private"


def test_a_video_is_processed_in_time(ana: Stranger) -> None:
    ana.emulator.switch(processing_seconds=600.0)
    video = ana.upload()
    assert video["status"]["uploadStatus"] == "uploaded"
    ana.emulator.advance(300)
    details = ana.video(video["id"])["processingDetails"]
    assert details["processingStatus"] == "processing"
    progress = details["processingProgress"]
    assert all(isinstance(value, str) for value in progress.values())
    assert 400 <= int(progress["partsProcessed"]) <= 600
    assert int(progress["timeLeftMs"]) <= 300_000
    ana.emulator.advance(300)
    done = ana.video(video["id"])
    assert done["status"]["uploadStatus"] == "processed"
    assert done["processingDetails"]["processingStatus"] == "succeeded"
    assert "processingProgress" not in done["processingDetails"]


def test_processing_can_take_no_time(ana: Stranger) -> None:
    ana.emulator.switch(processing_seconds=0.0)
    assert ana.upload()["status"]["uploadStatus"] == "processed"


def test_a_scheduled_video_becomes_public_in_time(ana: Stranger) -> None:
    at = {"privacyStatus": "private", "publishAt": "2126-01-01T00:00:00Z"}
    video = ana.upload(**snippet(), status=at)
    assert ana.video(video["id"])["status"]["publishAt"] == at["publishAt"]
    ana.emulator.advance(101 * 365.25 * 24 * HOUR)
    ana.connect()
    status = ana.video(video["id"])["status"]
    assert status["privacyStatus"] == "public"
    assert "publishAt" not in status


def test_a_schedule_in_the_past_publishes_at_once(ana: Stranger) -> None:
    at = {"privacyStatus": "private", "publishAt": "2001-01-01T00:00:00Z"}
    assert ana.upload(**snippet(), status=at)["status"]["privacyStatus"] == "public"


def test_the_owner_reads_back_what_was_sent(ana: Stranger) -> None:
    data = b"0123456789"
    video = ana.upload(data, **snippet(description="d", tags=["a", "b c"]))
    found = ana.video(video["id"], "id,snippet,fileDetails,contentDetails,statistics,player")
    assert found["snippet"]["tags"] == ["a", "b c"]
    assert found["fileDetails"]["fileSize"] == "10"
    assert found["fileDetails"]["fileName"] == "holiday.mp4"
    assert found["contentDetails"]["caption"] == "false"
    assert len(video["id"]) == 11


def test_others_see_neither_private_videos_nor_the_owners_parts(ana: Stranger) -> None:
    ben = Stranger(ana.emulator).connect("ben@example.test")
    private = ana.upload(**snippet(), status={"privacyStatus": "private"})["id"]
    public = ana.upload(**snippet(), status={"privacyStatus": "public"})["id"]
    found = ben.ask("GET", f"{VIDEOS}?part=status&id={private},{public}").json()
    assert [video["id"] for video in found["items"]] == [public]
    refused = ben.ask("GET", f"{VIDEOS}?part=processingDetails&id={public}")
    assert (refused.status_code, reason(refused)) == (403, "forbidden")


def test_several_ids_unknown_ones_left_out(ana: Stranger) -> None:
    ids = [ana.upload()["id"] for _ in range(3)]
    path = f"{VIDEOS}?part=id&part=status&id={ids[2]}&id={ids[0]},unknown00000"
    assert [v["id"] for v in ana.ask("GET", path).json()["items"]] == [ids[2], ids[0]]


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("id=x", "required"),
        ("part=status", "missingRequiredParameter"),
        ("part=id&id=" + ",".join(map(str, range(51))), "invalidFilters"),
    ],
)
def test_a_list_that_makes_no_sense_is_refused(ana: Stranger, query: str, word: str) -> None:
    answer = ana.ask("GET", f"{VIDEOS}?{query}")
    assert (answer.status_code, reason(answer)) == (400, word)


def test_an_unknown_part_is_refused(ana: Stranger) -> None:
    video = ana.upload()["id"]
    assert reason(ana.ask("GET", f"{VIDEOS}?part=colour&id={video}")) == "unknownPart"


def test_a_video_is_changed_part_by_part_and_deleted(ana: Stranger) -> None:
    video = ana.upload(**snippet(), status={"privacyStatus": "private"})["id"]
    body = {"id": video, "status": {"privacyStatus": "unlisted"}}
    assert ana.ask("PUT", f"{VIDEOS}?part=status", json=body).status_code == 200
    shown = ana.emulator.videos()[0]
    assert (shown["title"], shown["privacy_status"]) == ("A title", "unlisted")
    assert ana.ask("DELETE", f"{VIDEOS}?id={video}").status_code == 204
    assert reason(ana.ask("DELETE", f"{VIDEOS}?id={video}")) == "videoNotFound"


def test_mine_is_the_channel_of_the_token(ana: Stranger) -> None:
    path = f"{CHANNELS}?part=id,snippet,contentDetails,statistics,status&mine=true"
    [channel] = ana.ask("GET", path).json()["items"]
    assert channel["id"].startswith("UC")
    assert len(channel["id"]) == 24
    assert channel["snippet"]["title"] == "Ana Cooks"
    uploads = channel["contentDetails"]["relatedPlaylists"]["uploads"]
    assert uploads == "UU" + channel["id"][2:]
    assert channel["statistics"]["subscriberCount"] == "128"
    assert channel["status"]["longUploadsStatus"] == "allowed"


def test_the_pictures_of_a_channel_can_be_shown(ana: Stranger) -> None:
    [channel] = ana.ask("GET", f"{CHANNELS}?part=snippet&mine=true").json()["items"]
    picture = ana.emulator.http.get(channel["snippet"]["thumbnails"]["high"]["url"])
    assert picture.headers["content-type"].startswith("image/")


def test_an_account_without_a_channel_has_no_items_and_cannot_upload(emulator: Emulator) -> None:
    nobody = Stranger(emulator).connect("nochannel@example.test")
    answer = nobody.ask("GET", f"{CHANNELS}?part=id&mine=true").json()
    assert "items" not in answer
    assert answer["pageInfo"]["totalResults"] == 0
    refused = nobody.start(10)
    assert (refused.status_code, reason(refused)) == (401, "youtubeSignupRequired")


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("part=id", "missingRequiredParameter"),
        ("part=id&mine=true&id=x", "invalidCriteria"),
        ("mine=true", "required"),
        ("part=nonsense&mine=true", "unknownPart"),
    ],
)
def test_channels_need_a_part_and_exactly_one_filter(ana: Stranger, query: str, word: str) -> None:
    answer = ana.ask("GET", f"{CHANNELS}?{query}")
    assert (answer.status_code, reason(answer)) == (400, word)


def test_uploading_does_not_allow_reading_and_reading_not_uploading(emulator: Emulator) -> None:
    uploader = Stranger(emulator).connect(scope=UPLOAD)
    reader = Stranger(emulator).connect("ben@example.test", scope=READ)
    assert uploader.start(10).status_code == 200
    assert reader.ask("GET", f"{CHANNELS}?part=id&mine=true").status_code == 200
    for answer in (uploader.ask("GET", f"{CHANNELS}?part=id&mine=true"), reader.start(10)):
        assert answer.status_code == 403
        error = answer.json()["error"]
        assert error["errors"][0]["reason"] == "insufficientPermissions"
        assert error["details"][0]["reason"] == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"


def test_a_call_without_a_token_or_with_a_wrong_one_is_refused(emulator: Emulator) -> None:
    missing = emulator.http.get(f"{CHANNELS}?part=id&mine=true")
    assert (missing.status_code, reason(missing)) == (403, "forbidden")
    deleting = emulator.http.delete(f"{VIDEOS}?id=x")
    assert (deleting.status_code, reason(deleting)) == (401, "required")
    wrong = Stranger(emulator, access_token="ya29.no").ask("GET", f"{CHANNELS}?part=id&mine=true")
    assert (wrong.status_code, reason(wrong)) == (401, "authError")
    assert wrong.json()["error"]["status"] == "UNAUTHENTICATED"
    assert 'error="invalid_token"' in wrong.headers["www-authenticate"]
