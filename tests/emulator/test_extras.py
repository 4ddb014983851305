"""Thumbnails, captions and playlists."""

from typing import Any

import httpx2
import pytest

from testkit.emulator import Emulator
from tests.emulator.stranger import UPLOAD, Stranger, reason

PNG = b"\x89PNG\r\n\x1a\n picture"
ITEMS = "/youtube/v3/playlistItems"


def set_thumbnail(client: Stranger, video: str, data: bytes = PNG) -> httpx2.Response:
    """Send a picture in one request."""
    path = f"/upload/youtube/v3/thumbnails/set?uploadType=media&videoId={video}"
    return client.ask("POST", path, content=data, headers={"Content-Type": "image/png"})


def insert_caption(client: Stranger, data: bytes = b"WEBVTT", **snippet: Any) -> httpx2.Response:
    """Open a session for a caption track and send it."""
    path = "/upload/youtube/v3/captions?uploadType=resumable&part=snippet"
    opened = client.ask("POST", path, json={"snippet": snippet})
    return client.put(opened.headers["location"], data) if opened.is_success else opened


def make_playlist(client: Stranger) -> str:
    """Make a playlist and return its id."""
    answer = client.ask(
        "POST", "/youtube/v3/playlists?part=snippet", json={"snippet": {"title": "Mine"}}
    )
    playlist: str = answer.json()["id"]
    return playlist


def add(client: Stranger, playlist: str, video: str) -> httpx2.Response:
    """Put a video into a playlist."""
    resource = {"kind": "youtube#video", "videoId": video}
    body = {"snippet": {"playlistId": playlist, "resourceId": resource}}
    return client.ask("POST", f"{ITEMS}?part=snippet", json=body)


def test_a_thumbnail_is_kept_by_its_hash(ana: Stranger) -> None:
    answer = set_thumbnail(ana, ana.upload()["id"])
    assert answer.json()["kind"] == "youtube#thumbnailSetResponse"
    assert ana.emulator.videos()[0]["thumbnail_sha256"]


@pytest.mark.parametrize(("data", "word"), [(b"text", "invalidImage"), (b"", "mediaBodyRequired")])
def test_what_is_no_picture_is_refused(ana: Stranger, data: bytes, word: str) -> None:
    answer = set_thumbnail(ana, ana.upload()["id"], data)
    assert (answer.status_code, reason(answer)) == (400, word)


def test_a_thumbnail_needs_a_video_of_ones_own(ana: Stranger) -> None:
    ben = Stranger(ana.emulator).connect("ben@example.test")
    unknown = set_thumbnail(ana, "unknown")
    assert (unknown.status_code, reason(unknown)) == (404, "videoNotFound")
    foreign = set_thumbnail(ben, ana.upload()["id"])
    assert (foreign.status_code, reason(foreign)) == (403, "forbidden")


@pytest.mark.parametrize("operation", ["thumbnails.set", "captions.insert", "playlistItems.insert"])
def test_a_new_video_can_be_unknown_for_a_while(ana: Stranger, operation: str) -> None:
    video = ana.upload()["id"]
    playlist = make_playlist(ana)
    ana.emulator.fault(operation, "not_found_yet")
    calls = {
        "thumbnails.set": lambda: set_thumbnail(ana, video),
        "captions.insert": lambda: insert_caption(ana, videoId=video, language="en"),
        "playlistItems.insert": lambda: add(ana, playlist, video),
    }
    assert reason(calls[operation]()) == "videoNotFound"
    assert calls[operation]().is_success


def test_captions_are_added_once_per_language_and_name(ana: Stranger) -> None:
    video = ana.upload()["id"]
    track = {"videoId": video, "language": "en", "name": ""}
    first = insert_caption(ana, **track)
    assert first.json()["snippet"]["status"] == "serving"
    again = insert_caption(ana, **track)
    assert (again.status_code, reason(again)) == (409, "captionExists")
    assert insert_caption(ana, **{**track, "language": "de"}).is_success
    listed = ana.ask("GET", f"/youtube/v3/captions?part=snippet&videoId={video}").json()
    assert [item["snippet"]["language"] for item in listed["items"]] == ["en", "de"]
    assert ana.video(video, "contentDetails")["contentDetails"]["caption"] == "true"


def test_captions_need_their_metadata(ana: Stranger) -> None:
    video = ana.upload()["id"]
    assert reason(insert_caption(ana, videoId=video)) == "invalidMetadata"
    long = insert_caption(ana, videoId=video, language="en", name="n" * 151)
    assert reason(long) == "nameTooLong"


def test_captions_need_a_scope_of_their_own(emulator: Emulator) -> None:
    uploader = Stranger(emulator).connect(scope=UPLOAD)
    refused = insert_caption(uploader, videoId="x", language="en")
    assert (refused.status_code, reason(refused)) == (403, "insufficientPermissions")


def test_a_video_goes_into_a_playlist_once(ana: Stranger) -> None:
    video, playlist = ana.upload()["id"], make_playlist(ana)
    item = add(ana, playlist, video).json()
    assert item["snippet"]["resourceId"]["videoId"] == video
    again = add(ana, playlist, video)
    assert (again.status_code, reason(again)) == (409, "videoAlreadyInPlaylist")
    assert ana.emulator.videos()[0]["playlists"] == [playlist]
    mine = ana.ask("GET", "/youtube/v3/playlists?part=id,contentDetails&mine=true").json()
    assert mine["items"][0]["contentDetails"]["itemCount"] == 1


def test_an_unknown_playlist_or_anothers_is_refused(ana: Stranger) -> None:
    ben = Stranger(ana.emulator).connect("ben@example.test")
    video = ana.upload()["id"]
    unknown = add(ana, "PLnone", video)
    assert (unknown.status_code, reason(unknown)) == (404, "playlistNotFound")
    assert add(ana, make_playlist(ben), video).status_code == 403


def test_the_uploads_playlist_lists_the_newest_first_page_by_page(ana: Stranger) -> None:
    ids = [ana.upload()["id"] for _ in range(5)]
    uploads = ana.emulator.channel("Ana Cooks")["uploads_playlist"]
    path = f"{ITEMS}?part=snippet,contentDetails,status&playlistId={uploads}&maxResults=2"
    seen, token = [], ""
    while True:
        page = ana.ask("GET", f"{path}&pageToken={token}").json()
        assert page["pageInfo"] == {"totalResults": 5, "resultsPerPage": 2}
        seen += [item["contentDetails"]["videoId"] for item in page["items"]]
        token = page.get("nextPageToken", "")
        if not token:
            break
    assert seen == ids[::-1]
    assert reason(ana.ask("GET", f"{path}&pageToken=nonsense")) == "invalidPageToken"


def test_others_see_only_the_public_videos_of_a_channel(ana: Stranger) -> None:
    ben = Stranger(ana.emulator).connect("ben@example.test")
    ana.upload()
    public = ana.upload(snippet={"title": "x"}, status={"privacyStatus": "public"})["id"]
    uploads = ana.emulator.channel("Ana Cooks")["uploads_playlist"]
    found = ben.ask("GET", f"{ITEMS}?part=contentDetails&playlistId={uploads}").json()
    assert [item["contentDetails"]["videoId"] for item in found["items"]] == [public]


def test_a_playlist_can_take_a_video_twice(ana: Stranger) -> None:
    ana.emulator.switch(playlist_takes_twice=True)
    playlist, video = make_playlist(ana), ana.upload()["id"]
    assert [add(ana, playlist, video).status_code for _ in range(2)] == [200, 200]
    assert ana.emulator.videos()[0]["playlists"] == [playlist] * 2
