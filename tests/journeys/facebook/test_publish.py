"""The main job on Pages: what was asked is what becomes of it, and nothing is public unasked."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from store.queries.publishing import transfers
from testkit.clips import Clip, the_only_video
from testkit.meta import BAKERY, page_id
from testkit.pictures import jpeg
from tests.support.stack import Stack, Tenant

IMAGE = jpeg()
SAID = {
    "title": "Bread",
    "description": "Sourdough in a day",
    "targeting": {"geo_locations": {"countries": ["AT"]}},
    "isAiGenerated": True,
}


def in_a_week() -> datetime:
    return (datetime.now(UTC) + timedelta(days=7)).replace(microsecond=0)


@pytest.mark.parametrize(
    ("type", "only_here"), [("video", {"contentTags": ["7", "11"]}), ("reel", {})]
)
async def test_a_video_goes_from_consent_to_published(
    tenant: Tenant,
    stack: Stack,
    page: str,
    upright: Clip,
    clip: Clip,
    type: str,
    only_here: dict[str, Any],
) -> None:
    sent = upright if type == "reel" else clip
    payload = {**SAID, **only_here, "privacy": "public"}

    published = await tenant.publish(page, type=type, mediaUrl=sent.url, payload=payload)

    assert (published["state"], published["knownBy"]) == ("published", "answer")
    assert published["warnings"] == {}
    video = the_only_video(stack.emulator, sent)
    assert (video["id"], video["kind"]) == (published["platformId"], type)
    assert video["owner"] == page_id(stack.emulator, BAKERY)
    assert published["platformUrl"].startswith("https://www.facebook.com/")
    assert video["id"] in published["platformUrl"]
    assert (video["published"], video["finishes"]) == (True, 1)
    assert (video["title"], video["description"]) == ("Bread", "Sourdough in a day")
    assert (video["targeting"], video["is_ai_generated"]) == (SAID["targeting"], True)
    assert video["content_tags"] == only_here.get("contentTags", [])


@pytest.mark.parametrize("type", ["video", "reel"])
async def test_nothing_is_public_before_it_is_asked_for(
    tenant: Tenant, stack: Stack, page: str, upright: Clip, type: str
) -> None:
    at = in_a_week()
    later = {"title": "Later", "publishAt": at.isoformat()}

    for payload in ({"title": "A draft"}, later):
        published = await tenant.publish(page, type=type, mediaUrl=upright.url, payload=payload)
        assert published["state"] == "published"

    draft, scheduled = stack.emulator.videos()
    assert (draft["published"], draft["publish_status"]) == (False, "draft")
    assert (scheduled["published"], scheduled["publish_status"]) == (False, "scheduled")
    assert scheduled["scheduled_publish_time"] == at.timestamp()
    stack.emulator.advance(timedelta(days=8).total_seconds())
    assert [video["published"] for video in stack.emulator.videos()] == [False, True]


async def test_a_thumbnail_is_set(tenant: Tenant, stack: Stack, page: str, clip: Clip) -> None:
    image = clip.path.with_suffix(".jpg")
    image.write_bytes(IMAGE)

    published = await tenant.publish(
        page, mediaUrl=clip.url, payload={"title": "Bread", "thumbnailUrl": image.as_uri()}
    )

    assert (published["state"], published["warnings"]) == ("published", {})
    video = the_only_video(stack.emulator, clip)
    assert video["thumbnail_sha256"] == hashlib.sha256(IMAGE).hexdigest()


async def test_an_upright_video_is_published_with_a_warning(
    tenant: Tenant, stack: Stack, page: str, upright: Clip
) -> None:
    published = await tenant.publish(page, mediaUrl=upright.url)

    assert published["state"] == "published"
    assert list(published["warnings"]) == ["vertical_video"]
    assert "type reel" in published["warnings"]["vertical_video"]
    assert the_only_video(stack.emulator, upright)["kind"] == "video"


async def test_what_facebook_keeps_as_a_draft_is_not_called_published(
    tenant: Tenant, stack: Stack, page: str, upright: Clip
) -> None:
    stack.emulator.fault("page_videos.finish", "left_as_draft")
    payload = {"title": "For all", "privacy": "public"}
    assignment = await tenant.assign(page, mediaUrl=upright.url, payload=payload)
    seen = await tenant.until(assignment["id"], "processing", "published", "failed")
    assert seen["state"] == "processing"

    with stack.parts.store.write() as session:
        # As if it had been finished a while ago: it is given six hours.
        transfer = transfers.ensure_transfer(session, assignment["id"])
        transfer.finish_sent_at = datetime.now(UTC) - timedelta(hours=6, minutes=1)

    failed = await tenant.until(assignment["id"], "published", "failed")
    assert (failed["state"], failed["errorCode"]) == ("failed", "left_as_draft")
    assert "share it there" in failed["error"]
    # The video is there: a retry looks at it again and sends no second one.
    await tenant.ask("POST", f"/api/v1/assignments/{assignment['id']}/retry")
    again = await tenant.until(assignment["id"], "published", "failed")
    assert again["errorCode"] == "left_as_draft"
    assert stack.emulator.calls("page_videos.start") == 1


async def test_a_file_that_is_no_reel_is_refused_before_anything_is_sent(
    tenant: Tenant, stack: Stack, page: str, clip: Clip
) -> None:
    body = {"connectionId": page, "mediaUrl": clip.url, "type": "reel", "payload": {}}

    refused = await tenant.ask("POST", "/api/v1/assignments", body, status=400)

    assert refused["code"] == "reel_not_vertical"
    assert len(refused["details"]["mediaUrl"]) == 2, "its shape and its size"
    assert (await tenant.ask("GET", "/api/v1/assignments"))["total"] == 0
    assert stack.emulator.calls("reels.start") == 0


async def test_one_request_publishes_to_both_platforms(
    tenant: Tenant, stack: Stack, page: str, clip: Clip
) -> None:
    stack.emulator.switch(processing_seconds=0)
    body = {
        "connectionIds": [await tenant.connection(), page],
        "mediaUrl": clip.url,
        "payload": {"title": "Bread", "privacy": "public"},
    }

    group = await tenant.ask("POST", "/api/v1/assignments", body)

    ends = [await tenant.until(one["id"], "published", "failed") for one in group["items"]]
    assert [end["state"] for end in ends] == ["published", "published"]
    assert {end["groupId"] for end in ends} == {group["groupId"]}
    videos = {video["id"]: video for video in stack.emulator.videos()}
    assert videos.keys() == {end["platformId"] for end in ends}
    assert {video["sha256"] for video in videos.values()} == {clip.sha256}
