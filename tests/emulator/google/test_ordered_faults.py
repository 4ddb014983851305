"""Faults of the methods that change what belongs to a video."""

from typing import Any

import pytest

from tests.emulator.google.conftest import track
from tests.emulator.stranger import Stranger, reason

LATER = ["captions.update", "captions.delete", "playlistItems.update", "playlistItems.delete"]


@pytest.mark.parametrize("operation", LATER)
def test_what_belongs_to_a_video_can_be_unknown_for_a_while(
    ana: Stranger, youtube: Any, operation: str
) -> None:
    video = ana.upload()["id"]
    body: dict[str, Any] = {"snippet": {"videoId": video, "language": "en", "name": ""}}
    caption = youtube.captions().insert(part="id", body=body, media_body=track()).execute()["id"]
    playlist = youtube.playlists().insert(part="snippet", body={"snippet": {"title": "p"}})
    named = {
        "playlistId": playlist.execute()["id"],
        "resourceId": {"kind": "youtube#video", "videoId": video},
    }
    item = youtube.playlistItems().insert(part="id", body={"snippet": named}).execute()["id"]
    calls = {
        "captions.update": ("PUT", "captions?part=id", {"id": caption}),
        "captions.delete": ("DELETE", f"captions?id={caption}", None),
        "playlistItems.update": ("PUT", "playlistItems?part=id", {"id": item, "snippet": named}),
        "playlistItems.delete": ("DELETE", f"playlistItems?id={item}", None),
    }
    verb, path, sent = calls[operation]
    ana.emulator.fault(operation, "not_found_yet")
    refused = ana.ask(verb, f"/youtube/v3/{path}", json=sent)
    assert refused.status_code == 404
    assert reason(refused) in ("captionNotFound", "playlistItemNotFound")
    assert ana.ask(verb, f"/youtube/v3/{path}", json=sent).is_success


def test_a_search_suffers_what_every_call_can(ana: Stranger) -> None:
    ana.emulator.fault("search.list", "rate_limited", retry_after=7)
    refused = ana.ask("GET", "/youtube/v3/search?part=id")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "7")
    assert ana.ask("GET", "/youtube/v3/search?part=id").is_success


def test_the_bytes_of_a_new_track_can_be_cut(ana: Stranger, youtube: Any) -> None:
    body: dict[str, Any] = {"snippet": {"videoId": ana.upload()["id"], "language": "en"}}
    caption = youtube.captions().insert(part="id", body=body, media_body=track()).execute()["id"]
    ana.emulator.fault("captions.update.transfer", "status", status=503)
    path = "/upload/youtube/v3/captions?uploadType=resumable&part=id"
    session = ana.ask("PUT", path, json={"id": caption}).headers["location"]
    assert ana.put(session, b"new").status_code == 503
    assert ana.put(session, b"new").json()["id"] == caption
    assert ana.emulator.videos()[0]["captions"][0]["bytes"] == 3
