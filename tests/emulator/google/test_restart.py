"""What the API adds to the state is there after a restart."""

from pathlib import Path
from typing import Any

from google.oauth2.credentials import Credentials

from testkit.emulator import Emulator
from tests.emulator.google.conftest import by_key, client_of, ids, public, track
from tests.emulator.stranger import Stranger


def everything(ana: Stranger, video: str) -> list[Any]:
    """Return all that can be read of playlists, items, captions and the video."""
    parts = "snippet,status,localizations,recordingDetails"
    paths = [
        "playlists?part=snippet,status,localizations&mine=true&hl=de",
        f"captions?part=snippet&videoId={video}",
        f"videos?part={parts}&id={video}",
    ]
    answers = [ana.ask("GET", f"/youtube/v3/{path}") for path in paths]
    playlist = answers[0].json()["items"][0]["id"]
    path = f"/youtube/v3/playlistItems?part=snippet,contentDetails&playlistId={playlist}"
    assert all(answer.is_success for answer in answers)
    items = [answer.json()["items"] for answer in [*answers, ana.ask("GET", path)]]
    # Addresses of pictures follow the port, and tags follow them.
    return [_without_addresses(each) for each in items]


def _without_addresses(content: Any) -> Any:
    if isinstance(content, list):
        return [_without_addresses(each) for each in content]
    if not isinstance(content, dict):
        return content
    kept = {name: content[name] for name in content if name not in ("thumbnails", "etag")}
    return {name: _without_addresses(value) for name, value in kept.items()}


def test_playlists_captions_videos_and_searches_survive_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    emulator = Emulator.start(state=state)
    emulator.switch(processing_seconds=0.0)
    ana = Stranger(emulator).connect()
    youtube: Any = client_of(emulator, credentials=Credentials(ana.access_token))  # type: ignore[no-untyped-call]
    video = ana.upload(**public("Shown"))["id"]
    parts = "snippet,localizations,recordingDetails"
    body: dict[str, Any] = {
        "id": video,
        "snippet": {"title": "New", "categoryId": "10", "defaultLanguage": "en"},
        "localizations": {"de": {"title": "Neu"}},
        "recordingDetails": {"recordingDate": "2026-11-01T00:00:00Z"},
    }
    youtube.videos().update(part=parts, body=body).execute()
    body = {
        "snippet": {"title": "Mine", "defaultLanguage": "en"},
        "status": {"privacyStatus": "unlisted", "podcastStatus": "enabled"},
        "localizations": {"de": {"title": "Meine"}},
    }
    playlist = (
        youtube.playlists().insert(part="snippet,status,localizations", body=body).execute()["id"]
    )
    named = {"playlistId": playlist, "resourceId": {"kind": "youtube#video", "videoId": video}}
    body = {"snippet": named, "contentDetails": {"note": "a note"}}
    youtube.playlistItems().insert(part="snippet,contentDetails", body=body).execute()
    body = {"snippet": {"videoId": video, "language": "en", "name": "", "isDraft": True}}
    made = youtube.captions().insert(part="snippet", body=body, media_body=track()).execute()
    body = {"id": made["id"], "snippet": {"isDraft": False}}
    youtube.captions().update(part="snippet", body=body, media_body=track(b"new")).execute()
    youtube.search().list(part="id").execute()
    before = everything(ana, video)
    quota, shown = emulator.state()["quota"], emulator.videos()
    assert emulator.stop() == 0

    emulator = Emulator.start(state=state)
    try:
        assert emulator.state()["quota"] == quota
        assert emulator.state()["quota"]["searches_used"] == 1
        assert emulator.videos() == shown
        ana.emulator = emulator
        ana.access_token = ana.refresh().json()["access_token"]
        assert everything(ana, video) == before
        assert ids(by_key(emulator, f"videos?part=id&id={video}")) == [video]
    finally:
        emulator.stop()
