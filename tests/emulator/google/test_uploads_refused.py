"""Uploads that are none: no upload type, no file, a file of the wrong kind."""

from typing import Any

import pytest

from tests.emulator.stranger import Stranger, reason, sha256

BODY = {"snippet": {"title": "A video"}}
FRONTS = ["/upload", "/resumable/upload"]


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize(
    "upload_type", ["", "&uploadType=", "&uploadType=raw", "&uploadType=Media"]
)
def test_a_missing_or_unknown_upload_type_makes_no_video(
    ana: Stranger, front: str, upload_type: str
) -> None:
    answer = ana.ask("POST", f"{front}/youtube/v3/videos?part=snippet{upload_type}", json=BODY)
    assert (answer.status_code, reason(answer)) == (400, "badRequest")
    assert answer.json()["error"]["status"] == "INVALID_ARGUMENT"
    assert ana.emulator.videos() == []


def test_a_multipart_body_needs_no_upload_type(ana: Stranger) -> None:
    body = (
        b'--x\r\nContent-Type: application/json\r\n\r\n{"snippet": {"title": "A video"}}\r\n'
        b"--x\r\nContent-Type: video/mp4\r\n\r\nbytes\r\n--x--"
    )
    answer = ana.ask(
        "POST",
        "/upload/youtube/v3/videos?part=snippet",
        content=body,
        headers={"Content-Type": "multipart/related; boundary=x"},
    )
    assert answer.json()["snippet"]["title"] == "A video"
    assert ana.emulator.videos()[0]["sha256"] == sha256(b"bytes")


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("upload_type", ["media", "multipart"])
def test_json_is_no_video(ana: Stranger, front: str, upload_type: str) -> None:
    path = f"{front}/youtube/v3/videos?part=snippet&uploadType={upload_type}"
    answer = ana.ask("POST", path, json=BODY)
    assert (answer.status_code, reason(answer)) == (400, "badRequest")
    assert answer.json()["error"]["message"].startswith("Media type 'application/json' is not")
    assert ana.emulator.videos() == []


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("videos?part=snippet", "mediaBodyRequired"),
        ("videos?part=snippet&uploadType=resumable", "mediaBodyRequired"),
        ("thumbnails/set?videoId={video}", "mediaBodyRequired"),
        ("captions?part=snippet", "contentRequired"),
    ],
)
def test_a_method_that_takes_a_file_is_refused_without_one(
    ana: Stranger, path: str, word: str
) -> None:
    video = ana.upload()["id"]
    snippet = {"title": "A video", "videoId": video, "language": "en"}
    answer = ana.ask("POST", f"/youtube/v3/{path.format(video=video)}", json={"snippet": snippet})
    assert (answer.status_code, reason(answer)) == (400, word)
    assert len(ana.emulator.videos()) == 1


@pytest.mark.parametrize(
    ("path", "accepted", "refused"),
    [
        (
            "videos?part=snippet",
            ["video/mp4", "video/x-matroska", "VIDEO/MP4", "application/octet-stream"],
            ["application/mp4", "text/plain; charset=utf-8", "image/png", "audio/mpeg"],
        ),
        (
            "thumbnails/set?videoId={video}",
            ["image/png", "image/jpeg", "application/octet-stream"],
            ["image/gif", "video/mp4"],
        ),
        ("captions?part=snippet", ["text/vtt", "application/x-subrip", "*/*"], []),
    ],
)
def test_media_types_are_checked_at_the_session_start(
    ana: Stranger, path: str, accepted: list[str], refused: list[str]
) -> None:
    video = ana.upload()["id"]
    path = f"/upload/youtube/v3/{path.format(video=video)}&uploadType=resumable"
    body: dict[str, Any] = {"snippet": {"title": "t", "videoId": video, "language": "en"}}

    for media_type in accepted:
        opened = ana.ask("POST", path, json=body, headers={"X-Upload-Content-Type": media_type})
        assert opened.status_code == 200, (media_type, opened.text)
    sessions = len(ana.emulator.state()["sessions"])
    for media_type in refused:
        answer = ana.ask("POST", path, json=body, headers={"X-Upload-Content-Type": media_type})
        assert (answer.status_code, reason(answer)) == (400, "badRequest"), media_type
        message = answer.json()["error"]["message"]
        assert message.strip() == f"Media type '{media_type}' is not supported."
    assert len(ana.emulator.state()["sessions"]) == sessions


def test_the_file_of_a_multipart_upload_is_checked(ana: Stranger) -> None:
    body = (
        b"--x\r\nContent-Type: application/json\r\n\r\n{}\r\n"
        b"--x\r\nContent-Type: text/plain\r\n\r\nbytes\r\n--x--"
    )
    answer = ana.ask(
        "POST",
        "/upload/youtube/v3/videos?uploadType=multipart&part=snippet",
        content=body,
        headers={"Content-Type": "multipart/related; boundary=x"},
    )
    assert reason(answer) == "badRequest"
    assert "Media type 'text/plain'" in answer.json()["error"]["message"]
    assert ana.emulator.videos() == []


def test_a_file_beyond_the_limit_is_refused_before_it_comes(ana: Stranger) -> None:
    assert reason(ana.start(256 * 1024**3 + 1)) == "uploadTooLarge"
    video = ana.upload()["id"]
    path = f"/upload/youtube/v3/thumbnails/set?uploadType=resumable&videoId={video}"
    answer = ana.ask("POST", path, headers={"X-Upload-Content-Length": str(50 * 1024**2 + 1)})
    assert (answer.status_code, reason(answer)) == (413, "uploadTooLarge")


def test_metadata_that_is_no_text_is_a_parse_error(ana: Stranger) -> None:
    path = "/upload/youtube/v3/videos?uploadType=resumable&part=snippet"
    answer = ana.ask("POST", path, content=b'{"snippet": "\xff"}')
    assert (answer.status_code, reason(answer)) == (400, "parseError")
