"""A workspace reads its own media roots and its own uploads, and nobody else's."""

import base64
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from api.context import Context
from runtime.parts import build_policies
from store.queries import workspaces
from testkit.clips import CLIP
from testkit.pictures import SRT, png
from tests.support.api import Tenant

VIDEOS = "/api/v1/videos"
TUS = {"Tus-Resumable": "1.0.0"}


@pytest.fixture
def context(make_context: Callable[..., Context], media: Path) -> Context:
    """The policies of a real installation, whose setting opens a folder to the oldest workspace."""
    made = make_context(media_roots=str(media))
    return replace(made, policies=build_policies(made.settings, made.store))


@pytest.fixture
def film(media: Path) -> str:
    return Path(shutil.copy(CLIP, media / "bread.mp4")).as_uri()


async def register(tenant: Tenant, url: str) -> httpx2.Response:
    return await tenant.http.post(VIDEOS, json={"sourceUrl": url})


def code(answer: httpx2.Response) -> str:
    assert answer.status_code == 400, answer.text
    return str(answer.json()["code"])


def open_to(tenant: Tenant, folder: Path) -> None:
    with tenant.context.store.write() as session:
        workspaces.add_media_root(session, tenant.workspace.id, folder=folder)


async def upload(tenant: Tenant, content: bytes, *, announced: int | None = None) -> str:
    """Send a file to the intake; return the upload's id."""
    name = base64.b64encode(b"cover.mp4").decode()
    size = str(len(content) if announced is None else announced)
    made = await tenant.http.post(
        f"{VIDEOS}/files",
        headers={**TUS, "Upload-Length": size, "Upload-Metadata": f"filename {name}"},
    )
    place = made.headers["Location"]
    kind = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
    sent = await tenant.http.patch(place, headers={**TUS, **kind}, content=content)
    assert sent.status_code == 204, sent.text
    return place.rpartition("/")[2]


async def test_the_setting_is_for_the_oldest_workspace_alone(
    ours: Tenant, theirs: Tenant, film: str
) -> None:
    assert (await register(ours, film)).status_code == 201
    assert code(await register(theirs, film)) == "source_not_allowed"


async def test_a_root_is_read_by_its_workspace_alone(
    ours: Tenant, theirs: Tenant, tmp_path: Path
) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    film = Path(shutil.copy(CLIP, folder / "bread.mp4")).as_uri()
    open_to(theirs, folder)
    assert (await register(theirs, film)).status_code == 201
    assert code(await register(ours, film)) == "source_not_allowed"
    job = {"title": "x", "source_url": film}
    assert code(await ours.http.post("/api/video-jobs/", json=job)) == "source_not_allowed"
    named = {"connectionId": ours.connection().id, "mediaUrl": film, "payload": {"title": "x"}}
    assert code(await ours.http.post("/api/v1/assignments", json=named)) == "source_not_allowed"


async def test_a_root_that_is_taken_away_is_closed_at_once(
    ours: Tenant, theirs: Tenant, film: str, media: Path
) -> None:
    open_to(theirs, media)
    assert (await register(theirs, film)).status_code == 201
    with theirs.context.store.write() as session:
        workspaces.remove_media_root(session, theirs.workspace.id, folder=media)
    assert code(await register(theirs, film)) == "source_not_allowed"
    assert (await register(ours, film)).status_code == 201


async def test_another_workspaces_files_are_no_attachments(
    ours: Tenant, theirs: Tenant, tmp_path: Path
) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    (folder / "en.srt").write_bytes(SRT)
    open_to(theirs, folder)
    upload_id = await upload(theirs, SRT)
    stored = tmp_path / "data" / "media" / theirs.workspace.id / upload_id
    for url, wrong in (
        ((folder / "en.srt").as_uri(), "source_not_allowed"),
        (stored.as_uri(), "source_not_allowed"),
    ):
        payload = {"title": "x", "captions": [{"language": "en", "url": url}]}
        body = {"connectionId": ours.connection().id, "videoId": ours.video().id}
        answer = await ours.http.post("/api/v1/assignments", json={**body, "payload": payload})
        assert code(answer) == wrong
    payload = {"title": "x", "captions": [{"language": "en", "url": f"upload:{upload_id}"}]}
    answer = await ours.http.post("/api/v1/assignments", json={**body, "payload": payload})
    assert (answer.status_code, answer.json()["code"]) == (404, "upload_not_found")


async def test_an_upload_is_a_source_by_its_id(ours: Tenant, theirs: Tenant) -> None:
    upload_id = await upload(ours, CLIP.read_bytes())
    made = await ours.http.post(VIDEOS, json={"uploadId": upload_id})
    assert made.status_code == 201, made.text
    assert made.json()["sourceUrl"] == f"upload:{upload_id}"
    assert made.json()["fileName"] == "cover.mp4"
    assert (await register(ours, f"upload:{upload_id}")).status_code == 201
    for body in ({"uploadId": upload_id}, {"sourceUrl": f"upload:{upload_id}"}):
        foreign = await theirs.http.post(VIDEOS, json=body)
        assert (foreign.status_code, foreign.json()["code"]) == (404, "upload_not_found")


async def test_an_upload_is_no_file_even_to_its_own_workspace(ours: Tenant, tmp_path: Path) -> None:
    open_to(ours, tmp_path)
    upload_id = await upload(ours, CLIP.read_bytes())
    stored = tmp_path / "data" / "media" / ours.workspace.id / upload_id
    assert stored.is_file()
    assert code(await register(ours, stored.as_uri())) == "source_not_allowed"


async def test_an_upload_that_is_not_whole_is_no_source(ours: Tenant) -> None:
    upload_id = await upload(ours, png(), announced=10_000)
    for named in ({"uploadId": upload_id}, {"sourceUrl": f"upload:{upload_id}"}):
        answer = await ours.http.post(VIDEOS, json=named)
        assert (answer.status_code, answer.json()["code"]) == (409, "upload_incomplete")
    payload = {"title": "x", "thumbnailUrl": f"upload:{upload_id}"}
    body = {"connectionId": ours.connection().id, "videoId": ours.video().id, "payload": payload}
    answer = await ours.http.post("/api/v1/assignments", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "upload_incomplete")


async def test_an_upload_may_be_a_thumbnail(ours: Tenant) -> None:
    payload = {"title": "x", "thumbnailUrl": f"upload:{await upload(ours, png())}"}
    body = {"connectionId": ours.connection().id, "videoId": ours.video().id, "payload": payload}
    assert (await ours.http.post("/api/v1/assignments", json=body)).status_code == 201
