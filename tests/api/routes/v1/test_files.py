"""The resumable intake, verb by verb."""

import asyncio
import base64
import hashlib
import os
import stat
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from starlette.types import Message

from api.context import Context
from api.services.intake import get_upload
from domain.errors import NotFound
from domain.ids import WorkspaceId
from domain.states import AssignmentState
from store.tables import Upload, now
from testkit.clips import CLIP
from tests.support.api import PUBLIC_URL, Tenant, client

FILES = "/api/v1/videos/files"
CONTENT = CLIP.read_bytes()
TUS = {"Tus-Resumable": "1.0.0"}
NAME = base64.b64encode("../Brot & Käse.mp4".encode()).decode()


async def announce(tenant: Tenant, size: int = len(CONTENT), name: str = NAME) -> str:
    """Create an upload; return its path."""
    answer = await tenant.http.post(
        FILES,
        headers={
            **TUS,
            "Upload-Length": str(size),
            "Upload-Metadata": f"kind dmlkZW8=,filename {name}",
        },
    )
    assert answer.status_code == 201, answer.text
    location: str = answer.headers["Location"]
    assert location.startswith(f"{PUBLIC_URL}{FILES}/")
    return location.removeprefix(PUBLIC_URL)


async def add(
    tenant: Tenant, path: str, offset: int, content: bytes | AsyncIterator[bytes], **headers: str
) -> httpx2.Response:
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


def file_of(tenant: Tenant, path: str) -> Path:
    upload_id = path.rsplit("/", 1)[1]
    return tenant.context.settings.data_dir / "media" / tenant.workspace.id / upload_id


async def finished(tenant: Tenant) -> str:
    path = await announce(tenant)
    assert (await add(tenant, path, 0, CONTENT)).status_code == 204
    return path


async def register(tenant: Tenant, path: str) -> httpx2.Response:
    return await tenant.http.post("/api/v1/videos", json={"uploadId": path.rsplit("/", 1)[1]})


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
    assert video["fileName"] == "Brot & Käse.mp4"


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


async def test_more_bytes_than_announced_are_refused_before_one_is_read(ours: Tenant) -> None:
    path = await announce(ours, 3)

    async def pieces() -> AsyncIterator[bytes]:
        pytest.fail("a byte was asked for")
        yield b"four"

    answer = await add(ours, path, 0, pieces(), **{"Content-Length": "4"})
    assert (answer.status_code, answer.json()["code"]) == (413, "upload_too_large")


@pytest.mark.parametrize("offset", ["-1", "x", "", str(2**60), "1.5"])
async def test_an_offset_that_is_none_is_400(ours: Tenant, offset: str) -> None:
    answer = await add(ours, await announce(ours), 0, b"x", **{"Upload-Offset": offset})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


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


UNKNOWN = "00000000-0000-7000-8000-000000000000"


@pytest.mark.parametrize("id", ["0", "..%2F..%2Fcastline.db", "x", UNKNOWN])
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
    url = file_of(theirs, path).as_uri()
    answer = await ours.http.post("/api/v1/videos", json={"sourceUrl": url})
    assert answer.status_code == 400


async def test_bytes_lie_in_a_file_that_is_named_by_the_id_and_open_to_nobody_else(
    ours: Tenant,
) -> None:
    file = file_of(ours, await finished(ours))
    assert file.read_bytes() == CONTENT
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    folders = [file.parent, file.parent.parent]
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in folders] == [0o700, 0o700]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("会" * 84 + ".mp4", "会" * 84 + ".mp4"),
        ("会" * 120 + ".mp4", "会" * 120 + ".mp4"),
        ("\U00020000" * 70 + ".mp4", "\U00020000" * 70 + ".mp4"),
        ("é" * 300 + ".mp4", "é" * 251 + ".mp4"),
        ("x" * 400 + ".mp4", "x" * 251 + ".mp4"),
        ("../../etc/passwd", "passwd"),
        ("C:\\clips\\one.mp4", "one.mp4"),
        ("a/b/", "b"),
        ("..", ".."),
        ("", "video"),
        ("one\0two\n.mp4", "one_two_.mp4"),
        (b"\xff\xfe.mp4", "\ufffd\ufffd.mp4"),
    ],
)
async def test_every_file_name_can_be_announced_and_published(
    ours: Tenant, name: str | bytes, shown: str
) -> None:
    raw = name if isinstance(name, bytes) else name.encode()
    path = await announce(ours, name=base64.b64encode(raw).decode())
    await add(ours, path, 0, CONTENT)
    video = await register(ours, path)
    assert (video.status_code, video.json()["fileName"]) == (201, shown)


async def test_a_name_that_is_not_base64_is_no_name(ours: Tenant) -> None:
    path = await announce(ours, name="%%%")
    await add(ours, path, 0, CONTENT)
    assert (await register(ours, path)).json()["fileName"] == "video"


async def test_an_announcement_makes_no_file(ours: Tenant) -> None:
    assert not file_of(ours, await announce(ours)).parent.exists()


async def test_what_was_written_and_not_acknowledged_is_written_again(ours: Tenant) -> None:
    """A killed process leaves such bytes behind the last that were counted."""
    path = await announce(ours)
    await add(ours, path, 0, CONTENT[:1000])
    with file_of(ours, path).open("ab") as file:
        file.write(b"x" * len(CONTENT))
    assert await offset_of(ours, path) == 1000
    assert (await add(ours, path, 1000, CONTENT[1000:])).status_code == 204
    assert file_of(ours, path).read_bytes() == CONTENT


async def test_bytes_that_the_disk_has_lost_are_asked_for_again(ours: Tenant) -> None:
    path = await announce(ours)
    await add(ours, path, 0, CONTENT[:1000])
    os.truncate(file_of(ours, path), 600)
    assert (await add(ours, path, 1000, CONTENT[1000:])).status_code == 409
    assert await offset_of(ours, path) == 600
    assert (await add(ours, path, 600, CONTENT[600:])).status_code == 204
    assert file_of(ours, path).read_bytes() == CONTENT


async def test_unfinished_uploads_are_listed(ours: Tenant, theirs: Tenant) -> None:
    await announce(theirs)
    path = await announce(ours)
    await add(ours, path, 0, CONTENT[:1000])
    done = await finished(ours)
    listed = (await ours.http.get(FILES)).json()
    (item,) = listed["items"]
    assert (listed["total"], listed["page"], listed["limit"]) == (1, 1, 50)
    assert item.keys() == {"id", "fileName", "size", "offset", "createdAt", "expiresAt"}
    assert (item["id"], item["fileName"]) == (path.rsplit("/", 1)[1], "Brot & Käse.mp4")
    assert (item["size"], item["offset"]) == (len(CONTENT), 1000)
    (item,) = (await ours.http.get(FILES, params={"finished": True})).json()["items"]
    assert item["id"] == done.rsplit("/", 1)[1]
    await register(ours, done)
    assert (await ours.http.get(FILES, params={"finished": True})).json()["items"] == []


async def test_an_upload_says_when_it_expires_until_a_video_needs_it(ours: Tenant) -> None:
    def hours(answer: httpx2.Response) -> int:
        expires_at = parsedate_to_datetime(answer.headers["Upload-Expires"])
        return round((expires_at - datetime.now(UTC)).total_seconds() / 3600)

    created = await ours.http.post(FILES, headers={**TUS, "Upload-Length": str(len(CONTENT))})
    assert hours(created) == 24
    path = created.headers["Location"].removeprefix(PUBLIC_URL)
    assert hours(await add(ours, path, 0, CONTENT[:10])) == 24
    assert hours(await add(ours, path, 10, CONTENT[10:])) == 168
    assert hours(await ours.http.head(path, headers=TUS)) == 168
    await register(ours, path)
    assert "Upload-Expires" not in (await ours.http.head(path, headers=TUS)).headers


async def test_an_expired_upload_is_404(ours: Tenant) -> None:
    path = await finished(ours)
    with ours.context.store.write() as session:
        session.get_one(Upload, path.rsplit("/", 1)[1]).expires_at = now()
    assert (await ours.http.head(path, headers=TUS)).status_code == 404
    assert (await add(ours, path, len(CONTENT), b"")).status_code == 404
    assert (await register(ours, path)).status_code == 404
    assert (await ours.http.get(FILES, params={"finished": True})).json()["total"] == 0


async def test_an_upload_of_a_video_on_its_way_is_not_terminated(ours: Tenant) -> None:
    path = await finished(ours)
    video = (await register(ours, path)).json()
    order = {
        "connectionId": ours.connection().id,
        "videoId": video["id"],
        "payload": {"title": "Bread"},
    }
    assignment = (await ours.http.post("/api/v1/assignments", json=order)).json()
    refused = await ours.http.delete(path, headers=TUS)
    assert (refused.status_code, refused.json()["code"]) == (409, "upload_in_use")
    assert file_of(ours, path).exists()
    ours.settle(assignment["id"], AssignmentState.CANCELLED)
    assert (await ours.http.delete(path, headers=TUS)).status_code == 204
    assert not file_of(ours, path).exists()
    answer = await ours.http.post("/api/v1/assignments", json=order)
    assert (answer.status_code, answer.json()["code"]) == (409, "upload_terminated")


async def test_an_upload_that_is_terminated_while_bytes_come_leaves_no_file(ours: Tenant) -> None:
    path = await announce(ours)
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield CONTENT[:10]
        begun.set()
        await go_on.wait()
        yield CONTENT[10:]

    adding = asyncio.create_task(add(ours, path, 0, slow()))
    await begun.wait()
    assert (await ours.http.delete(path, headers=TUS)).status_code == 204
    go_on.set()
    assert (await adding).status_code == 404
    assert not file_of(ours, path).exists()


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
    assert answer.headers["Tus-Extension"] == "creation,expiration,termination"
