"""Caption tracks are replaced, listed and removed, through Google's own client."""

from typing import Any

import pytest
from googleapiclient.errors import HttpError

from tests.emulator.google.conftest import track
from tests.emulator.stranger import Stranger, reason, sha256


def insert(youtube: Any, video: str, language: str = "en") -> str:
    body = {"snippet": {"videoId": video, "language": language, "name": "", "isDraft": True}}
    made = youtube.captions().insert(part="snippet", body=body, media_body=track()).execute()
    caption: str = made["id"]
    return caption


def draft(caption: str, value: bool) -> dict[str, Any]:
    return {"id": caption, "snippet": {"isDraft": value}}


def test_a_track_is_published_without_a_file(ana: Stranger, youtube: Any) -> None:
    caption = insert(youtube, ana.upload()["id"])
    changed = youtube.captions().update(part="snippet", body=draft(caption, False)).execute()
    assert changed["snippet"]["isDraft"] is False
    assert ana.emulator.videos()[0]["captions"][0]["sha256"] == sha256(b"WEBVTT")


@pytest.mark.parametrize("resumable", [True, False])
def test_the_file_of_a_track_is_replaced(ana: Stranger, youtube: Any, resumable: bool) -> None:
    caption = insert(youtube, ana.upload()["id"])
    new = b"WEBVTT\n\nnew"
    changed = (
        youtube.captions()
        .update(part="id", body={"id": caption}, media_body=track(new, resumable=resumable))
        .execute()
    )
    assert changed["id"] == caption
    [shown] = ana.emulator.videos()[0]["captions"]
    assert (shown["sha256"], shown["bytes"], shown["is_draft"]) == (sha256(new), len(new), True)
    if resumable:
        assert ana.emulator.journal()[-2:] == ["captions.update", "captions.update.transfer"]
        assert ana.emulator.state()["sessions"][-1]["method"] == "captions.update"


def test_tracks_are_listed_by_id_and_removed(ana: Stranger, youtube: Any) -> None:
    video = ana.upload()["id"]
    english, german = insert(youtube, video), insert(youtube, video, "de")
    listed = youtube.captions().list(part="id", videoId=video, id=german).execute()["items"]
    assert [item["id"] for item in listed] == [german]
    youtube.captions().delete(id=english).execute()
    listed = youtube.captions().list(part="id", videoId=video).execute()["items"]
    assert [item["id"] for item in listed] == [german]
    with pytest.raises(HttpError) as caught:
        youtube.captions().delete(id=english).execute()
    assert caught.value.status_code == 404
    assert caught.value.error_details[0]["reason"] == "captionNotFound"


def test_only_the_owner_changes_a_track(ana: Stranger, youtube: Any, ben: Stranger) -> None:
    caption = insert(youtube, ana.upload()["id"])
    for verb, path, body in [
        ("PUT", "captions?part=id", draft(caption, False)),
        ("DELETE", f"captions?id={caption}", None),
    ]:
        refused = ben.ask(verb, f"/youtube/v3/{path}", json=body)
        assert (refused.status_code, reason(refused)) == (403, "forbidden")
    assert ana.emulator.videos()[0]["captions"][0]["is_draft"]


def test_methods_of_captions_cost_what_the_table_says(ana: Stranger, youtube: Any) -> None:
    caption = insert(youtube, ana.upload()["id"])
    youtube.captions().update(part="id", body=draft(caption, False)).execute()
    youtube.captions().delete(id=caption).execute()
    assert ana.emulator.state()["quota"]["units_used"] == 400 + 450 + 50


def test_the_file_of_a_track_cannot_be_read_back(ana: Stranger, youtube: Any) -> None:
    caption = insert(youtube, ana.upload()["id"])
    refused = ana.ask("GET", f"/youtube/v3/captions/{caption}?alt=media")
    assert (refused.status_code, reason(refused)) == (501, "notImplemented")
    assert "youtube.captions.download" in refused.json()["error"]["message"]
