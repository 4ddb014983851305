"""A source that is not there when it is needed is waited for, and another address ends the wait."""

import asyncio
import hashlib
from collections.abc import Iterator
from typing import Any

import pytest

from testkit.clips import MIB, Clip, make_clip, the_only_video
from testkit.meta import BAKERY
from testkit.pictures import jpeg
from tests.support.origin import Origin
from tests.support.stack import Stack, Tenant, eventually

START = "videos.insert.start"
TRANSFER = "videos.insert.transfer"
WITHIN = 10.0
"""Seconds from a replaced address to work that goes on."""
EXPIRED = [(403, "")] * 200
"""As a presigned URL answers from a moment on."""
IMAGE = jpeg()


@pytest.fixture
def clip(stack: Stack) -> Clip:
    return make_clip(stack.media)


@pytest.fixture
def origin(clip: Clip) -> Iterator[Origin]:
    with Origin(clip.path.read_bytes()) as origin:
        yield origin


@pytest.fixture
def fresh(clip: Clip) -> Iterator[Origin]:
    """Another server with the same file."""
    with Origin(clip.path.read_bytes()) as origin:
        yield origin


async def registered(tenant: Tenant, url: str) -> dict[str, Any]:
    """What an assignment names of a video that was registered before its link expired."""
    video = await tenant.ask("POST", "/api/v1/videos", {"sourceUrl": url})
    return {"mediaUrl": None, "videoId": video["id"]}


def expire_in_the_middle(origin: Origin) -> None:
    """The third MiB is not there to be read any more."""
    origin.cuts.append(2 * MIB + 1000)
    origin.refusals.append((0, ""))
    origin.refusals.extend(EXPIRED)


async def waits(tenant: Tenant, assignment_id: str, code: str = "source_refused") -> dict[str, Any]:
    seen = await tenant.until(assignment_id, "waiting", "published", "failed", within=60)
    assert (seen["state"], seen["waitReason"], seen["errorCode"]) == ("waiting", "source", code)
    assert "It is tried again until" in seen["error"]
    assert "secret" not in seen["error"]
    return seen


async def replace(tenant: Tenant, assignment: dict[str, Any], url: str) -> dict[str, Any]:
    path = f"/api/v1/assignments/{assignment['id']}"
    replaced: dict[str, Any] = await tenant.ask("PATCH", path, {"mediaUrl": url})
    return replaced


async def sentences(tenant: Tenant, assignment_id: str) -> list[str]:
    told = await tenant.ask("GET", f"/api/v1/assignments/{assignment_id}/timeline?limit=100")
    return [item["sentence"] for item in told["items"]]


async def test_an_expired_link_is_replaced_and_the_video_published_at_once(
    tenant: Tenant, stack: Stack, clip: Clip, origin: Origin, fresh: Origin
) -> None:
    video = await registered(tenant, origin.url)
    origin.refusals.extend(EXPIRED)
    assignment = await tenant.assign(await tenant.connection(), **video)
    await waits(tenant, assignment["id"])
    assert stack.emulator.calls(START) == 0

    await replace(tenant, assignment, fresh.url)

    published = await tenant.until(assignment["id"], "published", "failed", within=WITHIN)
    assert published["state"] == "published"
    assert published["videoId"] == video["videoId"]
    the_only_video(stack.emulator, clip)
    told = await sentences(tenant, assignment["id"])
    assert "The video has another address. It is the same file, and the upload continues." in told


async def test_a_link_that_expires_in_mid_upload_costs_no_byte(
    tenant: Tenant, stack: Stack, clip: Clip, origin: Origin, fresh: Origin
) -> None:
    video = await registered(tenant, origin.url)
    expire_in_the_middle(origin)
    assignment = await tenant.assign(await tenant.connection(), **video)
    await waits(tenant, assignment["id"])
    (session,) = stack.emulator.state()["sessions"]
    assert (session["state"], session["stored"]) == ("open", 2 * MIB)

    await replace(tenant, assignment, fresh.url)

    published = await tenant.until(assignment["id"], "published", "failed", within=WITHIN)
    assert published["state"] == "published"
    the_only_video(stack.emulator, clip)
    (session,) = stack.emulator.state()["sessions"]
    assert session["received"] <= clip.size + MIB
    assert stack.emulator.calls(START) == 1


async def test_another_file_in_mid_upload_begins_again_and_is_never_mixed(
    tenant: Tenant, stack: Stack, clip: Clip, origin: Origin
) -> None:
    other = make_clip(stack.media, size=clip.size)
    video = await registered(tenant, origin.url)
    expire_in_the_middle(origin)
    assignment = await tenant.assign(await tenant.connection(), **video)
    await waits(tenant, assignment["id"])
    assert stack.emulator.state()["sessions"][0]["stored"] == 2 * MIB

    replaced = await replace(tenant, assignment, other.url)

    assert replaced["videoId"] != video["videoId"]
    published = await tenant.until(assignment["id"], "published", "failed", within=WITHIN)
    assert published["state"] == "published"
    the_only_video(stack.emulator, other)
    told = await sentences(tenant, assignment["id"])
    assert "The video was replaced by another file. Its upload begins again." in told


async def test_one_address_serves_every_assignment_of_the_video(
    tenant: Tenant, stack: Stack, clip: Clip, origin: Origin, fresh: Origin
) -> None:
    pages = await tenant.pages()
    targets = [await tenant.connection(), pages[BAKERY]]
    video = await registered(tenant, origin.url)
    origin.refusals.extend(EXPIRED)
    body = {"connectionIds": targets, "payload": {"title": "A clip"}, **video}
    body.pop("mediaUrl")
    group = (await tenant.ask("POST", "/api/v1/assignments", body))["items"]
    for one in group:
        await waits(tenant, one["id"])

    await replace(tenant, group[0], fresh.url)

    for one in group:
        published = await tenant.until(one["id"], "published", "failed", within=2 * WITHIN)
        assert published["state"] == "published"


async def test_what_failed_for_its_source_is_published_after_another_address_and_a_retry(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    video = await registered(tenant, clip.url)
    with clip.path.open("ab") as file:
        file.write(b"more")
    connection_id = await tenant.connection()
    failed = await tenant.publish(connection_id, **video)
    assert (failed["state"], failed["errorCode"]) == ("failed", "source_changed")
    other = make_clip(stack.media)

    await replace(tenant, failed, other.url)
    await tenant.ask("POST", f"/api/v1/assignments/{failed['id']}/retry")

    assert (await tenant.until(failed["id"], "published"))["attempt"] == 2
    the_only_video(stack.emulator, other)


async def test_a_scheduled_one_is_given_its_address_in_time(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    other = make_clip(stack.media)
    assignment = await tenant.assign(
        await tenant.connection(), mediaUrl=clip.url, scheduledAt="2090-01-01T00:00:00Z"
    )
    await tenant.until(assignment["id"], "waiting")
    await replace(tenant, assignment, other.url)

    await tenant.ask("PATCH", f"/api/v1/assignments/{assignment['id']}", {"scheduledAt": None})

    await tenant.until(assignment["id"], "published")
    the_only_video(stack.emulator, other)


async def test_while_it_waits_it_holds_no_place_of_its_workspace(
    tenant: Tenant, stack: Stack, clip: Clip, origin: Origin
) -> None:
    video = await registered(tenant, origin.url)
    origin.refusals.extend(EXPIRED)
    connection_id = await tenant.connection()
    places = stack.parts.settings.transfers_per_workspace
    missing = await asyncio.gather(*(tenant.assign(connection_id, **video) for _ in range(places)))
    for one in missing:
        await waits(tenant, one["id"])

    published = await tenant.publish(connection_id, mediaUrl=clip.url)

    assert published["state"] == "published"
    for one in missing:
        await tenant.ask("DELETE", f"/api/v1/assignments/{one['id']}")


# Steps that failed ---------------------------------------------------------------------------


async def test_a_thumbnail_that_comes_late_is_set_by_a_retry(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    with Origin(IMAGE) as pictures:
        pictures.refusals.extend([(404, ""), (404, "")])
        payload = {"title": "Bread", "thumbnailUrl": pictures.url}
        assignment = await tenant.assign(
            await tenant.connection(), mediaUrl=clip.url, payload=payload
        )
        assert list(assignment["warnings"]) == ["thumbnail_missing"]
        published = await tenant.until(assignment["id"], "published", "failed")
        assert list(published["warnings"]) == ["thumbnail_failed"]
        assert stack.emulator.calls("thumbnails.set") == 0

        path = f"/api/v1/assignments/{assignment['id']}"
        begun = await tenant.ask("POST", f"{path}/retry")
        assert (begun["attempt"], begun["warnings"]) == (2, {})
        again = await tenant.until(assignment["id"], "published", "failed")
        done = await tenant.ask("POST", f"{path}/retry", status=409)

    assert (again["attempt"], again["warnings"]) == (2, {})
    assert again["publishedAt"] == published["publishedAt"]
    assert (done["code"], stack.emulator.calls("thumbnails.set")) == ("not_retryable", 1)
    video = the_only_video(stack.emulator, clip)
    assert video["thumbnail_sha256"] == hashlib.sha256(IMAGE).hexdigest()
    assert stack.emulator.calls(START) == 1
    told = await tenant.ask("GET", f"{path}/timeline?limit=100")
    second = [item["sentence"] for item in told["items"] if item["attempt"] == 2]
    assert second[0] == "A retry does again what had failed: thumbnail."
    assert "Its thumbnail was set." in second
    assert second[-1] == f"It is published: {again['platformUrl']}"


async def test_a_step_that_fails_again_is_a_warning_again(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    with Origin(IMAGE) as pictures:
        pictures.refusals.extend([(404, "")] * 3)
        payload = {"title": "Bread", "thumbnailUrl": pictures.url}
        published = await tenant.publish(
            await tenant.connection(), mediaUrl=clip.url, payload=payload
        )
        for attempt in (2, 3):
            await tenant.ask("POST", f"/api/v1/assignments/{published['id']}/retry")
            seen = await tenant.until(published["id"], "published", "failed")
            assert seen["attempt"] == attempt
            assert ("thumbnail_failed" in seen["warnings"]) is (attempt == 2)
    the_only_video(stack.emulator, clip)


async def test_a_retried_step_whose_workflow_is_terminated_is_done_all_the_same(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    with Origin(IMAGE) as pictures:
        pictures.refusals.extend([(404, ""), (404, "")])
        payload = {"title": "Bread", "thumbnailUrl": pictures.url}
        published = await tenant.publish(
            await tenant.connection(), mediaUrl=clip.url, payload=payload
        )
        stack.emulator.fault("thumbnails.set", "status", status=503, times=3)
        await tenant.ask("POST", f"/api/v1/assignments/{published['id']}/retry")

        async def tries() -> int:
            return stack.emulator.calls("thumbnails.set")

        await eventually(tries)
        await stack.assignment(published["id"]).terminate()

        async def is_done() -> bool:
            await stack.sweep()
            return bool((await tenant.look(published["id"]))["state"] == "published")

        await eventually(is_done, within=60)
    assert (await tenant.look(published["id"]))["warnings"] == {}
    the_only_video(stack.emulator, clip)
