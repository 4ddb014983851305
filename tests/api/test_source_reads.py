"""Requests that read a source keep no other waiting, and no workspace has more than its share."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import httpx2
import pytest
from anyio import to_thread
from fastapi import FastAPI

from api.context import Context
from api.source_reads import SourceReads, names_attachment
from domain.errors import NotFound, TooManyRequests
from domain.ids import WorkspaceId
from platforms.facebook import limits as facebook
from platforms.payload import Field
from platforms.youtube import limits as youtube
from testkit.clips import CLIP
from tests.support.api import Tenant
from tests.support.canary import CanaryHost
from tests.support.stack import eventually

A, B = WorkspaceId("a"), WorkspaceId("b")
VIDEOS = "/api/v1/videos"
ASSIGNMENTS = "/api/v1/assignments"
SHARE = 4


@pytest.fixture
def silent() -> Iterator[CanaryHost]:
    """An origin that takes connections and says nothing until it is closed."""
    host = CanaryHost()
    yield host
    host.close()


@pytest.fixture
def app(app: FastAPI, context: Context) -> FastAPI:
    """With sources on loopback."""
    app.state.context = replace(context, policies=replace(context.policies, allow_private=True))
    return app


@pytest.fixture
def clip(media: Path) -> Path:
    return Path(shutil.copy(CLIP, media / "sourdough.mp4"))


def silent_url(host: CanaryHost) -> str:
    return f"http://127.0.0.1:{host.port}/x.mp4"


@asynccontextmanager
async def hanging(
    tenant: Tenant, host: CanaryHost, count: int
) -> AsyncIterator[list[asyncio.Task[httpx2.Response]]]:
    """So many registrations of a video at a silent origin; all that are let in hang at the end."""
    body = {"sourceUrl": silent_url(host)}
    tasks = [asyncio.create_task(tenant.http.post(VIDEOS, json=body)) for _ in range(count)]

    async def settled() -> bool:
        open_ones = [task for task in tasks if not task.done()]
        return len(host.connections) == len(open_ones)

    await eventually(settled)
    try:
        yield tasks
    finally:
        host.close()
        await asyncio.gather(*tasks)


async def test_eighty_reads_of_a_silent_origin_keep_no_other_tenant_waiting(
    ours: Tenant, theirs: Tenant, silent: CanaryHost, clip: Path
) -> None:
    async with hanging(ours, silent, 80) as tasks:
        for _ in range(20):
            assert (await theirs.http.get(ASSIGNMENTS)).status_code == 200
        made = await theirs.http.post(VIDEOS, json={"sourceUrl": clip.as_uri()})
        assert made.status_code == 201, made.text
        still_open = [task for task in tasks if not task.done()]
        assert len(still_open) == SHARE  # so they did not wait for the origin
    answers = [task.result() for task in tasks]
    assert sorted(answer.status_code for answer in answers) == [429] * 76 + [503] * SHARE
    for answer in answers:
        if answer.status_code == 429:
            assert answer.json()["code"] == "too_many_source_reads"
            assert answer.json()["remedy"] == "wait"
            assert int(answer.headers["Retry-After"]) > 0
    again = await ours.http.post(VIDEOS, json={"sourceUrl": clip.as_uri()})
    assert again.status_code == 201, again.text


async def test_every_request_that_reads_a_source_counts_and_no_other(
    ours: Tenant, silent: CanaryHost, clip: Path
) -> None:
    video, connection = ours.video(), ours.connection()
    order = {"connectionId": connection.id, "payload": {"title": "Bread"}}
    thumbnail = {"title": "Bread", "thumbnailUrl": "https://media.example.com/a.png"}
    reading: list[tuple[str, dict[str, Any]]] = [
        (VIDEOS, {"sourceUrl": clip.as_uri()}),
        (VIDEOS, {"uploadId": "unknown"}),
        ("/api/video-jobs/", {"title": "Bread", "source_url": clip.as_uri()}),
        (ASSIGNMENTS, {**order, "mediaUrl": clip.as_uri()}),
        (ASSIGNMENTS, {**order, "videoId": video.id, "payload": thumbnail}),
    ]
    async with hanging(ours, silent, SHARE):
        for path, body in reading:
            answer = await ours.http.post(path, json=body)
            assert (answer.status_code, answer.json()["code"]) == (429, "too_many_source_reads")
        made = await ours.http.post(ASSIGNMENTS, json={**order, "videoId": video.id})
        assert made.status_code == 201, made.text


async def test_a_request_over_the_share_leaves_its_idempotency_key_as_it_was(
    ours: Tenant, silent: CanaryHost, clip: Path
) -> None:
    body = {
        "connectionId": ours.connection().id,
        "mediaUrl": clip.as_uri(),
        "payload": {"title": "Bread"},
        "idempotencyKey": "k",
    }
    async with hanging(ours, silent, SHARE):
        refused = await ours.http.post(ASSIGNMENTS, json=body)
        assert refused.status_code == 429
    made = await ours.http.post(ASSIGNMENTS, json=body)
    assert made.status_code == 201, made.text


async def test_a_wrong_key_or_body_is_refused_without_a_share(
    ours: Tenant, silent: CanaryHost
) -> None:
    async with hanging(ours, silent, SHARE):
        answer = await ours.http.post(VIDEOS, json={"sourceUrl": 7})
        assert answer.status_code == 400
        headers = {"Authorization": "Bearer cl_wrong"}
        answer = await ours.http.post(VIDEOS, json={"sourceUrl": "x"}, headers=headers)
        assert answer.status_code == 401


async def test_the_settings_name_the_bounds(
    app: FastAPI, make_context: Callable[..., Context], ours: Tenant, silent: CanaryHost
) -> None:
    narrow = make_context(probes_per_workspace=1)
    app.state.context = replace(narrow, policies=replace(narrow.policies, allow_private=True))
    async with hanging(ours, silent, 3) as tasks:
        assert sum(not task.done() for task in tasks) == 1


async def test_workspaces_wait_for_each_other_only_where_all_slots_are_taken() -> None:
    reads, may_end = SourceReads(slots=2, per_workspace=2), Event()
    first = [asyncio.create_task(reads.run(A, may_end.wait)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(TooManyRequests):
        await reads.run(A, may_end.wait)
    waiting = asyncio.create_task(reads.run(B, may_end.wait))
    await asyncio.sleep(0)
    assert not waiting.done()
    may_end.set()
    assert await asyncio.gather(*first, waiting) == [True] * 3


async def test_they_take_no_thread_of_those_that_serve_all_others() -> None:
    reads, may_end = SourceReads(slots=1, per_workspace=1), Event()
    running = asyncio.create_task(reads.run(A, may_end.wait))
    await asyncio.sleep(0)
    assert to_thread.current_default_thread_limiter().borrowed_tokens == 0
    may_end.set()
    assert await running


async def test_a_failure_gives_the_share_back() -> None:
    reads = SourceReads(slots=2, per_workspace=1)

    def fail() -> None:
        raise NotFound("video_not_found", "There is no such video.")

    for _ in range(3):
        with pytest.raises(NotFound):
            await reads.run(A, fail)


@pytest.mark.parametrize(
    ("payload", "does"),
    [
        ({"title": "a"}, False),
        ({"title": "a", "thumbnailUrl": None, "captions": []}, False),
        ({"thumbnailUrl": "https://a.example/b.png"}, True),
        ({"captions": [{"url": "https://a.example/b.srt"}]}, True),
    ],
)
def test_what_a_payload_names_beside_the_video(payload: dict[str, Any], does: bool) -> None:
    assert names_attachment(payload) is does


@pytest.mark.parametrize("fields", [youtube.FIELDS, facebook.FIELDS], ids=["youtube", "facebook"])
def test_every_field_that_holds_an_address_is_read_within_the_share(
    fields: Mapping[str, Field],
) -> None:
    addresses = {name for name, field in fields.items() if '"uri"' in json.dumps(field.schema)}
    assert "thumbnailUrl" in addresses
    assert {name for name in fields if names_attachment({name: ["an address"]})} == addresses
