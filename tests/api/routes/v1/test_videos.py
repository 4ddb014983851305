"""Videos are looked at before they are accepted."""

import hashlib
import shutil
from pathlib import Path
from typing import Any

import pytest
from anyio import to_thread

from testkit.clips import CLIP
from tests.support.api import Tenant

VIDEOS = "/api/v1/videos"
CONTENT = CLIP.read_bytes()


@pytest.fixture
def clip(media: Path) -> Path:
    """A real video in the folder that the operator opened."""
    return Path(shutil.copy(CLIP, media / "sourdough.mp4"))


async def test_a_video_is_registered_with_its_facts(ours: Tenant, clip: Path) -> None:
    answer = await ours.http.post(VIDEOS, json={"sourceUrl": clip.as_uri(), "title": "Bread"})
    assert answer.status_code == 201, answer.text
    video = answer.json()
    assert video["size"] == len(CONTENT)
    assert video["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert (video["fileName"], video["contentType"]) == ("sourdough.mp4", "video/mp4")
    assert video["durationMs"] > 0
    assert (await ours.http.get(f"{VIDEOS}/{video['id']}")).json() == video
    assert (await ours.http.get(VIDEOS)).json()["items"] == [video]


async def test_a_job_is_a_video_with_a_number(ours: Tenant, clip: Path) -> None:
    body = {"title": "Bread", "source_url": clip.as_uri()}
    answer = await ours.http.post("/api/video-jobs/", json=body)
    assert answer.status_code == 201, answer.text
    job = answer.json()
    assert (job["id"], job["title"], job["status"]) == (1, "Bread", "COMPLETED")
    assert (await ours.http.get("/api/video-jobs/1/")).json() == job
    assert (await ours.http.get("/api/video-jobs/")).json() == [job]


async def test_a_media_url_registers_its_video_on_the_way(ours: Tenant, clip: Path) -> None:
    body = {
        "connectionId": ours.connection().id,
        "mediaUrl": clip.as_uri(),
        "payload": {"title": "Bread"},
        "idempotencyKey": "k",
    }
    answer = await ours.http.post("/api/v1/assignments", json=body)
    assert answer.status_code == 201, answer.text
    video = (await ours.http.get(f"{VIDEOS}/{answer.json()['videoId']}")).json()
    assert video["sourceUrl"] == clip.as_uri()
    # The first answer is replayed even when the bytes are gone by now.
    await to_thread.run_sync(clip.unlink)
    again = await ours.http.post("/api/v1/assignments", json=body)
    assert (again.status_code, again.json()) == (200, answer.json())
    assert (await ours.http.get(VIDEOS)).json()["total"] == 1


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("missing.mp4", None, "source_missing"),
        ("empty.mp4", b"", "source_empty"),
        ("text.mp4", b"This is no video. " * 100, "source_not_a_video"),
    ],
)
async def test_a_file_that_is_no_video_is_refused_everywhere(
    ours: Tenant, media: Path, name: str, content: bytes | None, code: str
) -> None:
    if content is not None:
        (media / name).write_bytes(content)
    url = (media / name).as_uri()
    assigned = {"connectionId": ours.connection().id, "mediaUrl": url, "payload": {"title": "x"}}
    for path, body in (
        (VIDEOS, {"sourceUrl": url}),
        ("/api/video-jobs/", {"title": "x", "source_url": url}),
        ("/api/v1/assignments", assigned),
    ):
        answer = await ours.http.post(path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (400, code)
        assert answer.json()["remedy"] == "change"
    assert (await ours.http.get(VIDEOS)).json()["total"] == 0
    assert (await ours.http.get("/api/v1/assignments")).json()["total"] == 0


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://example.com/x.mp4", "http://127.0.0.1/x.mp4", "x", "data:,"],
)
async def test_an_address_that_is_not_allowed_is_refused(ours: Tenant, url: str) -> None:
    answer = await ours.http.post(VIDEOS, json={"sourceUrl": url})
    assert (answer.status_code, answer.json()["code"]) == (400, "source_not_allowed")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"sourceUrl": ""},
        {"sourceUrl": "https://example.com/" + "x" * 4100},
        {"sourceUrl": "https://example.com/x.mp4", "uploadId": "upl_1"},
        {"sourceUrl": "https://example.com/x.mp4", "title": ""},
        {"sourceUrl": "https://example.com/x.mp4", "sha256": "x"},
        {"sourceUrl": 7},
    ],
)
async def test_a_request_that_is_not_whole_is_400(ours: Tenant, body: dict[str, Any]) -> None:
    answer = await ours.http.post(VIDEOS, json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


@pytest.fixture
def half(media: Path) -> str:
    path = media / "half.mp4"
    path.write_bytes(CONTENT[: len(CONTENT) // 2])
    return path.as_uri()


async def test_half_a_file_is_refused(ours: Tenant, half: str) -> None:
    video = await ours.http.post(VIDEOS, json={"sourceUrl": half})
    body = {"connectionId": ours.connection().id, "payload": {"title": "Bread"}, "mediaUrl": half}
    made = await ours.http.post("/api/v1/assignments", json=body)
    for answer in (video, made):
        assert (answer.status_code, answer.json()["code"]) == (400, "source_truncated")


async def test_half_a_file_that_is_allowed_is_warned_of_in_its_assignment(
    ours: Tenant, half: str
) -> None:
    video = await ours.http.post(VIDEOS, json={"sourceUrl": half, "allowTruncated": True})
    assert video.status_code == 201, video.text
    assert video.json()["isTruncated"]
    body = {"connectionId": ours.connection().id, "payload": {"title": "Bread"}}
    made = await ours.http.post("/api/v1/assignments", json=body | {"videoId": video.json()["id"]})
    assert made.status_code == 201, made.text
    assert made.json()["warnings"].keys() == {"file_truncated"}
