"""After the last byte: the platform's word, its oddities, and what is done beside the video."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from store.queries.publishing import transfers
from testkit.emulator import Emulator
from testkit.pictures import VTT, jpeg
from tests.emulator.stranger import Stranger
from tests.support.origin import Origin
from tests.support.stack import Stack, Tenant, stack_apart

START = "videos.insert.start"
IMAGE = jpeg()


@pytest.fixture(scope="module")
def pictures() -> Iterator[str]:
    """The address of a server with one picture, `/cover.jpg`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Pictures)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


class _Pictures(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        found = self.path == "/cover.jpg"
        body = IMAGE if found else b""
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "image/jpeg")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.mark.parametrize(
    ("kind", "reason", "code"),
    [
        ("processing_fails", None, "processing_failed_conversion"),
        ("processing_fails", "codec", "processing_failed_codec"),
        ("processing_rejects", None, "rejected_duplicate"),
        ("processing_rejects", "copyright", "rejected_copyright"),
    ],
)
async def test_what_the_platform_makes_nothing_of_fails(
    tenant: Tenant, stack: Stack, kind: str, reason: str | None, code: str
) -> None:
    stack.emulator.fault(START, kind, **({"reason": reason} if reason else {}))

    failed = await tenant.publish(await tenant.connection())

    assert (failed["state"], failed["errorCode"]) == ("failed", code)
    assert failed["publishedAt"] is None
    assert len(stack.emulator.videos()) == 1


async def test_processing_is_waited_for_and_told(tenant: Tenant, stack: Stack) -> None:
    stack.emulator.switch(processing_seconds=4)

    assignment = await tenant.assign(await tenant.connection())

    seen = await tenant.until(assignment["id"], "processing", "published")
    assert (seen["state"], seen["platformUrl"]) == ("processing", None)
    published = await tenant.until(assignment["id"], "published", "failed")
    assert published["state"] == "published"
    assert 0 < published["processingPercent"] <= 100
    assert stack.emulator.calls("videos.list") > 1


async def test_details_that_are_gone_are_no_failure(tenant: Tenant, stack: Stack) -> None:
    stack.emulator.fault(START, "processing_terminated")

    published = await tenant.publish(await tenant.connection())

    assert (published["state"], published["warnings"]) == ("published", {})


async def test_a_video_locked_private_is_published_with_a_warning(
    tenant: Tenant, stack: Stack
) -> None:
    stack.emulator.fault(START, "private_lock")

    published = await tenant.publish(
        await tenant.connection(), payload={"title": "For all", "privacy": "public"}
    )

    assert published["state"] == "published"
    assert list(published["warnings"]) == ["privacy_differs"]


async def test_a_video_deleted_while_it_is_processed_fails(tenant: Tenant, stack: Stack) -> None:
    stack.emulator.switch(processing_seconds=600)
    assignment = await tenant.assign(await tenant.connection())
    await tenant.until(assignment["id"], "processing")
    with stack.parts.store.write() as session:
        # As if it had been uploaded a while ago: a new video may just not be listed yet.
        transfer = transfers.ensure_transfer(session, assignment["id"])
        transfer.finish_sent_at = datetime.now(UTC) - timedelta(minutes=11)
    (video,) = stack.emulator.videos()

    Stranger(stack.emulator).connect().ask("DELETE", f"/youtube/v3/videos?id={video['id']}")

    failed = await tenant.until(assignment["id"], "failed", "published")
    assert (failed["state"], failed["errorCode"]) == ("failed", "video_missing")
    assert stack.emulator.videos() == []


async def test_a_thumbnail_is_set(tenant: Tenant, stack: Stack, pictures: str) -> None:
    published = await tenant.publish(
        await tenant.connection(),
        payload={"title": "Bread", "thumbnailUrl": f"{pictures}/cover.jpg"},
    )

    assert (published["state"], published["warnings"]) == ("published", {})
    (video,) = stack.emulator.videos()
    assert video["thumbnail_sha256"] == hashlib.sha256(IMAGE).hexdigest()


async def test_a_thumbnail_survives_a_blip(tenant: Tenant, stack: Stack, pictures: str) -> None:
    stack.emulator.fault("thumbnails.set", "status", status=503)

    published = await tenant.publish(
        await tenant.connection(),
        payload={"title": "Bread", "thumbnailUrl": f"{pictures}/cover.jpg"},
    )

    assert published["warnings"] == {}
    assert stack.emulator.calls("thumbnails.set") == 2
    told = await tenant.ask("GET", f"/api/v1/assignments/{published['id']}/timeline")
    steps = [item["sentence"] for item in told["items"] if item["kind"] == "step"]
    assert steps == [
        "Its thumbnail failed: YouTube has trouble of its own.",
        "Its thumbnail was set.",
    ]


async def test_files_of_origins_that_tell_no_length_are_published(
    tmp_path: Path, emulator: Emulator
) -> None:
    emulator.switch(processing_seconds=0)
    async with AsyncExitStack() as closing:
        pictures = closing.enter_context(Origin(IMAGE, chunked=True))
        texts = closing.enter_context(Origin(VTT, sized=False))
        stack = await closing.enter_async_context(
            stack_apart(tmp_path, emulator, youtube_manages=True)
        )
        tenant = await stack.tenant("with captions")
        published = await tenant.publish(
            await tenant.connection(),
            payload={
                "title": "Bread",
                "thumbnailUrl": pictures.url,
                "captions": [{"language": "en", "url": texts.url}],
            },
        )

    assert (published["state"], published["warnings"]) == ("published", {})
    (video,) = stack.emulator.videos()
    assert video["thumbnail_sha256"] == hashlib.sha256(IMAGE).hexdigest()
    assert [one["sha256"] for one in video["captions"]] == [hashlib.sha256(VTT).hexdigest()]


async def test_a_thumbnail_that_was_changed_is_not_sent(tenant: Tenant, stack: Stack) -> None:
    image = stack.media / "changing.jpg"
    image.write_bytes(IMAGE)
    connection_id = await tenant.connection()
    stack.emulator.switch(processing_seconds=2)
    payload = {"title": "Bread", "thumbnailUrl": image.as_uri()}
    assignment = await tenant.assign(connection_id, payload=payload)
    image.write_bytes(jpeg(100, 100))

    published = await tenant.until(assignment["id"], "published", "failed")

    assert published["state"] == "published"
    assert "not the one that was accepted" in published["warnings"]["thumbnail_failed"]
    assert stack.emulator.calls("thumbnails.set") == 0


async def test_a_thumbnail_that_fails_hides_no_video(tenant: Tenant, stack: Stack) -> None:
    with Origin(IMAGE) as pictures:
        pictures.refusals.extend([(0, ""), (404, "")])  # it is there when it is accepted
        published = await tenant.publish(
            await tenant.connection(),
            payload={"title": "Bread", "thumbnailUrl": pictures.url},
        )

    assert (published["state"], published["errorCode"]) == ("published", None)
    assert list(published["warnings"]) == ["thumbnail_failed"]
    assert stack.emulator.calls("thumbnails.set") == 0
    told = await tenant.ask("GET", f"/api/v1/assignments/{published['id']}/timeline")
    failed = f"Its thumbnail failed: {published['warnings']['thumbnail_failed']}"
    assert failed in [item["sentence"] for item in told["items"] if item["kind"] == "step"]
    assert told["sentence"] == f"It is published: {published['platformUrl']} {failed}"


async def test_a_step_without_its_scope_leaves_the_connection_as_it_is(
    tenant: Tenant, stack: Stack
) -> None:
    connection_id = await tenant.connection()
    with Origin(VTT) as texts:
        captions = [{"language": "en", "url": texts.url}]
        published = await tenant.publish(
            connection_id, payload={"title": "Bread", "captions": captions}
        )

    assert published["state"] == "published"
    assert list(published["warnings"]) == ["captions_failed"]
    connection = await tenant.ask("GET", f"/api/v1/connections/{connection_id}")
    assert connection["health"] == "healthy"
    assert (await tenant.publish(connection_id))["state"] == "published"
