"""The resumable intake, verb by verb."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import Message

from api.context import Context
from api.services.intake import get_upload
from domain.errors import NotFound
from domain.ids import WorkspaceId
from tests.support.api import PUBLIC_URL, Tenant, client

FILES = "/api/v1/videos/files"
CONTENT = (Path(__file__).parents[3] / "data" / "clip.mp4").read_bytes()
TUS = {"Tus-Resumable": "1.0.0"}
NAME = base64.b64encode("../Brot & Käse.mp4".encode()).decode()


async def announce(tenant: Tenant, size: int = len(CONTENT)) -> str:
    """Create an upload; return its path."""
    answer = await tenant.http.post(
        FILES,
        headers={
            **TUS,
            "Upload-Length": str(size),
            "Upload-Metadata": f"kind dmlkZW8=,filename {NAME}",
        },
    )
    assert answer.status_code == 201, answer.text
    location: str = answer.headers["Location"]
    assert location.startswith(f"{PUBLIC_URL}{FILES}/upl_")
    return location.removeprefix(PUBLIC_URL)


async def add(
    tenant: Tenant, path: str, offset: int, content: bytes | AsyncIterator[bytes], **headers: str
) -> httpx.Response:
    sent = {
        **TUS,
        "Upload-Offset": str(offset),
        "Content-Type": "application/offset+octet-stream",
        **headers,
    }
    return await tenant.http.patch(path, content=content, headers=sent)


async def offset_of(tenant: Tenant, path: str) -> int:
    answer = await tenant.http.head(path, headers=TUS)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    return int(answer.headers["Upload-Offset"])


async def test_a_file_sent_in_pieces_becomes_a_video(ours: Tenant) -> None:
    path = await announce(ours)
    assert await offset_of(ours, path) == 0
    first = await add(ours, path, 0, CONTENT[:1000])
    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "1000")
    assert await offset_of(ours, path) == 1000
    second = await add(ours, path, 1000, CONTENT[1000:])
    assert second.headers["Upload-Offset"] == str(len(CONTENT))
    registered = {"uploadId": path.rsplit("/", 1)[1], "title": "Bread"}
    video = (await ours.http.post("/api/v1/videos", json=registered)).json()
    assert video["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert video["fileName"] == "Brot _ Käse.mp4"


async def test_a_body_over_the_limit_of_other_requests_is_taken(ours: Tenant) -> None:
    path = await announce(ours, 3_000_000)

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield bytes(1_000_000)

    assert (await add(ours, path, 0, pieces())).headers["Upload-Offset"] == "3000000"


async def test_what_arrived_before_a_break_is_kept(ours: Tenant, app: FastAPI) -> None:
    path = await announce(ours)
    headers = {
        **TUS,
        "Upload-Offset": "0",
        "Content-Type": "application/offset+octet-stream",
        "Authorization": ours.http.headers["Authorization"],
    }
    messages: list[Message] = [
        {"type": "http.request", "body": CONTENT[:700], "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        assert message.get("status") != 500

    scope = {
        "type": "http",
        "method": "PATCH",
        "path": path,
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }
    await app(scope, receive, send)
    assert await offset_of(ours, path) == 700


@pytest.mark.parametrize("offset", [1, 5000])
async def test_another_offset_is_409_and_adds_nothing(ours: Tenant, offset: int) -> None:
    path = await announce(ours)
    answer = await add(ours, path, offset, b"x")
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_offset")
    assert answer.headers["Tus-Resumable"] == "1.0.0"
    assert await offset_of(ours, path) == 0


async def test_more_bytes_than_announced_are_413(ours: Tenant) -> None:
    path = await announce(ours, 3)
    answer = await add(ours, path, 0, b"four")
    assert (answer.status_code, answer.json()["code"]) == (413, "upload_too_large")
    assert await offset_of(ours, path) == 0


async def test_two_requests_at_once_do_not_mix(ours: Tenant) -> None:
    path = await announce(ours)
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield CONTENT[:10]
        begun.set()
        await go_on.wait()
        yield CONTENT[10:20]

    first = asyncio.create_task(add(ours, path, 0, slow()))
    await begun.wait()
    second = await add(ours, path, 10, b"x")
    assert (second.status_code, second.json()["code"]) == (409, "upload_busy")
    go_on.set()
    assert (await first).headers["Upload-Offset"] == "20"


async def test_an_unfinished_upload_is_no_video(ours: Tenant) -> None:
    path = await announce(ours)
    await add(ours, path, 0, CONTENT[:1000])
    answer = await ours.http.post("/api/v1/videos", json={"uploadId": path.rsplit("/", 1)[1]})
    assert (answer.status_code, answer.json()["code"]) == (409, "upload_incomplete")


async def test_a_finished_upload_that_is_no_video_is_refused(ours: Tenant) -> None:
    for content, code in ((b"", "source_empty"), (b"text" * 500, "source_not_a_video")):
        path = await announce(ours, len(content))
        await add(ours, path, 0, content)
        answer = await ours.http.post("/api/v1/videos", json={"uploadId": path.rsplit("/", 1)[1]})
        assert (answer.status_code, answer.json()["code"]) == (400, code)


async def test_a_terminated_upload_is_gone(ours: Tenant, context: Context) -> None:
    path = await announce(ours)
    await add(ours, path, 0, CONTENT)
    assert (await ours.http.delete(path, headers=TUS)).status_code == 204
    assert (await ours.http.head(path, headers=TUS)).status_code == 404
    assert (await ours.http.delete(path, headers=TUS)).status_code == 404
    folder = context.settings.data_dir / "media" / ours.workspace.id
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("id", ["upl_0", "..%2F..%2Fcastline.db", "x", "upl_" + "0" * 32])
async def test_an_unknown_upload_is_404(ours: Tenant, id: str) -> None:
    assert (await ours.http.head(f"{FILES}/{id}", headers=TUS)).status_code == 404
    answer = await ours.http.post("/api/v1/videos", json={"uploadId": id})
    assert (answer.status_code, answer.json()["code"]) == (404, "upload_not_found")


async def test_a_foreign_upload_cannot_be_registered(ours: Tenant, theirs: Tenant) -> None:
    path = await announce(theirs)
    await add(theirs, path, 0, CONTENT)
    upload_id = path.rsplit("/", 1)[1]
    answer = await ours.http.post("/api/v1/videos", json={"uploadId": upload_id})
    assert (answer.status_code, answer.json()["code"]) == (404, "upload_not_found")
    folder = theirs.context.settings.data_dir / "media" / theirs.workspace.id / upload_id
    url = (folder / "Brot _ Käse.mp4").as_uri()
    answer = await ours.http.post("/api/v1/videos", json={"sourceUrl": url})
    assert answer.status_code == 400


async def test_an_id_leads_out_of_no_workspace(ours: Tenant, theirs: Tenant) -> None:
    await announce(ours)
    foreign = (await announce(theirs)).rsplit("/", 1)[1]
    with pytest.raises(NotFound):
        get_upload(
            ours.context,
            WorkspaceId(ours.workspace.id),
            f"../{theirs.workspace.id}/{foreign}",
        )


async def test_another_version_of_tus_is_412(ours: Tenant) -> None:
    answer = await ours.http.post(FILES, headers={"Upload-Length": "9"})
    assert (answer.status_code, answer.json()["code"]) == (412, "unknown_tus_version")
    assert answer.headers["Tus-Version"] == "1.0.0"


async def test_bytes_of_another_media_type_are_415(ours: Tenant) -> None:
    answer = await add(ours, await announce(ours), 0, b"x", **{"Content-Type": "text/plain"})
    assert (answer.status_code, answer.json()["code"]) == (415, "unknown_media_type")


@pytest.mark.parametrize("size", ["", "-1", "x", str(2**60)])
async def test_a_size_that_is_none_is_400(ours: Tenant, size: str) -> None:
    answer = await ours.http.post(FILES, headers={**TUS, "Upload-Length": size})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


async def test_a_size_over_the_limit_is_413(ours: Tenant) -> None:
    answer = await ours.http.post(FILES, headers={**TUS, "Upload-Length": str(2**50)})
    assert (answer.status_code, answer.json()["code"]) == (413, "upload_too_large")


async def test_the_server_says_what_it_can_do(app: FastAPI) -> None:
    async with client(app) as http:
        answer = await http.options(FILES)
    assert answer.status_code == 204
    assert answer.headers["Tus-Extension"] == "creation,termination"
