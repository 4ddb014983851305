"""Another `mediaUrl` for an assignment, as a client gives it."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlmodel import select

from api.context import Context
from domain.states import AssignmentState, KnownBy
from store.queries.publishing import assignments, progress, videos
from store.tables import Assignment, Video
from testkit.clips import CLIP, UPRIGHT, make_clip
from tests.support.api import Tenant
from tests.support.attachments import policies
from tests.support.origin import Origin

ASSIGNMENTS = "/api/v1/assignments"


@pytest.fixture
def context(make_context: Callable[..., Context], media: Path, tmp_path: Path) -> Context:
    """An installation that is its own network."""
    own = policies(media, data_dir=tmp_path / "data", allow_private=True)
    return replace(make_context(), policies=own)


async def accepted(ours: Tenant, url: str, **more: Any) -> Assignment:
    """One that is scheduled for later."""
    body = {
        "connectionId": ours.connection().id,
        "mediaUrl": url,
        "payload": {"title": "Bread"},
        "scheduledAt": datetime(2090, 1, 1, tzinfo=UTC).isoformat(),
        **more,
    }
    answer = await ours.http.post(ASSIGNMENTS, json=body)
    assert answer.status_code == 201, answer.text
    return read(ours, answer.json()["id"])[0]


async def patch(ours: Tenant, row: Assignment, **body: Any) -> httpx2.Response:
    return await ours.http.patch(f"{ASSIGNMENTS}/{row.id}", json=body)


def read(ours: Tenant, assignment_id: str) -> tuple[Assignment, Video]:
    with ours.context.store.read() as session:
        row = assignments.get_assignment_by_id(session, assignment_id)
        return row, videos.get_video_by_id(session, row.video_id)


def signed(origin: Origin, signature: str) -> str:
    return origin.url.replace("signature=secret", f"signature={signature}")


async def test_a_link_that_has_expired_is_replaced_by_one_to_the_same_file(ours: Tenant) -> None:
    with Origin(CLIP.read_bytes()) as origin:
        row = await accepted(ours, signed(origin, "old"))
        answer = await patch(ours, row, mediaUrl=signed(origin, "new"))
        url = signed(origin, "new")
    assert answer.status_code == 200, answer.text
    assert "signature" not in answer.text
    assert answer.json()["videoId"] == row.video_id
    assert read(ours, row.id)[1].source_url == url


async def test_another_file_is_looked_at_as_at_registration(ours: Tenant, media: Path) -> None:
    shutil.copy(CLIP, media / "clip.mp4")
    shutil.copy(UPRIGHT, media / "upright.mp4")
    row = await accepted(ours, (media / "clip.mp4").as_uri())
    answer = await patch(ours, row, mediaUrl=(media / "upright.mp4").as_uri())
    assert answer.status_code == 200, answer.text
    changed, video = read(ours, row.id)
    assert (video.width, video.height) == (540, 960)
    assert answer.json()["videoId"] == changed.video_id != row.video_id
    assert answer.json()["bytesTotal"] == UPRIGHT.stat().st_size
    # Asked again, it is the same file.
    again = await patch(ours, row, mediaUrl=(media / "upright.mp4").as_uri())
    assert again.json()["videoId"] == changed.video_id


async def test_a_copy_of_the_file_is_the_same_file(ours: Tenant, media: Path) -> None:
    for name in ("clip.mp4", "copy.mp4"):
        shutil.copy(CLIP, media / name)
    row = await accepted(ours, (media / "clip.mp4").as_uri())
    answer = await patch(ours, row, mediaUrl=(media / "copy.mp4").as_uri())
    assert answer.status_code == 200, answer.text
    assert answer.json()["videoId"] == row.video_id


async def test_a_file_that_the_platform_does_not_take_changes_nothing(
    ours: Tenant, media: Path
) -> None:
    shutil.copy(UPRIGHT, media / "upright.mp4")
    shutil.copy(CLIP, media / "clip.mp4")
    (media / "page.html").write_text("<html>Not here.</html>")
    pages = ours.connection("P1", "facebook")
    reel = await accepted(
        ours, (media / "upright.mp4").as_uri(), connectionId=pages.id, type="reel"
    )
    for name, code in (
        ("page.html", "source_not_a_video"),
        ("none.mp4", "source_missing"),
        ("clip.mp4", None),
    ):
        answer = await patch(ours, reel, mediaUrl=(media / name).as_uri())
        assert answer.status_code == 400, answer.text
        assert answer.json()["details"]["mediaUrl"]
        assert code in (None, answer.json()["code"])
    assert read(ours, reel.id)[0].video_id == reel.video_id


async def test_an_origin_that_refuses_is_refused_at_once(ours: Tenant) -> None:
    with Origin(CLIP.read_bytes()) as origin:
        row = await accepted(ours, origin.url)
        origin.refusals.append((403, ""))
        answer = await patch(ours, row, mediaUrl=origin.url)
    assert (answer.status_code, answer.json()["code"]) == (400, "source_refused")
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    "body",
    [
        {"mediaUrl": None},
        {"mediaUrl": ""},
        {"mediaUrl": CLIP.as_uri(), "payload": {"title": "Rye"}},
        {"mediaUrl": CLIP.as_uri(), "scheduledAt": None},
    ],
)
async def test_an_address_is_changed_alone(ours: Tenant, body: dict[str, Any]) -> None:
    row = ours.assignment()
    answer = await patch(ours, row, **body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


async def test_what_the_platform_has_is_not_replaced_and_nothing_is_read(ours: Tenant) -> None:
    row = ours.assignment()
    with ours.context.store.write() as session:
        progress.note_finished(session, row.id, platform_id="dQw", known_by=KnownBy.ANSWER)
    with Origin(CLIP.read_bytes()) as origin:
        answer = await patch(ours, row, mediaUrl=origin.url)
        assert origin.asked == []
    assert (answer.status_code, answer.json()["code"]) == (409, "too_late")


async def test_another_file_is_not_mixed_into_an_upload(ours: Tenant, media: Path) -> None:
    first, second = make_clip(media), make_clip(media)
    row = await accepted(ours, first.url)
    with ours.context.store.write() as session:
        progress.record_state(session, row.id, state=AssignmentState.UPLOADING, warnings={})
    answer = await patch(ours, row, mediaUrl=second.url)
    assert (answer.status_code, answer.json()["code"]) == (409, "source_differs")
    with ours.context.store.read() as session:
        assert len(session.exec(select(Video)).all()) == 1


async def test_a_foreign_assignment_and_a_foreign_upload_are_not_found(
    ours: Tenant, theirs: Tenant, media: Path
) -> None:
    shutil.copy(CLIP, media / "clip.mp4")
    row = await accepted(ours, (media / "clip.mp4").as_uri())
    foreign = await patch(theirs, row, mediaUrl=(media / "clip.mp4").as_uri())
    assert (foreign.status_code, foreign.json()["code"]) == (404, "assignment_not_found")
    upload = await patch(ours, row, mediaUrl="upload:01a21219-a400-7000-8000-000000000000")
    assert upload.status_code == 404
