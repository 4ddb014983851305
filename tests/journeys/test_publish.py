"""The main job: a real video from consent to published, and what it leaves behind."""

import hashlib

from temporalio.api.enums.v1 import EventType

from testkit.clips import CLIP
from tests.support.stack import Stack, Tenant


async def test_a_video_goes_from_consent_to_published(tenant: Tenant) -> None:
    connection_id = await tenant.connection()

    published = await tenant.publish(connection_id, payload={"title": "Bread", "tags": ["dough"]})

    assert published["state"] == "published"
    (video,) = tenant.stack.emulator.videos()
    assert video["id"] == published["platformId"]
    assert published["platformUrl"].endswith(video["id"])
    assert video["sha256"] == hashlib.sha256(CLIP.read_bytes()).hexdigest()
    assert (video["title"], video["tags"]) == ("Bread", ["dough"])


async def test_nothing_is_public_unless_asked(tenant: Tenant) -> None:
    connection_id = await tenant.connection()

    await tenant.publish(connection_id)
    await tenant.publish(connection_id, payload={"title": "For all", "privacy": "public"})

    assert [video["privacy_status"] for video in tenant.stack.emulator.videos()] == [
        "private",
        "public",
    ]


async def test_a_short_publish_is_cheap(tenant: Tenant, stack: Stack) -> None:
    stack.emulator.switch(processing_seconds=0)
    connection_id = await tenant.connection()
    before = stack.emulator.state()["calls"]

    published = await tenant.publish(connection_id)

    history = await stack.assignment(published["id"]).fetch_history()
    activities = [
        event
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
    ]
    calls = stack.emulator.state()["calls"]
    assert len(history.events) <= 19
    assert len(activities) == 2
    assert {name: count - before.get(name, 0) for name, count in calls.items()} == {
        **dict.fromkeys(before, 0),
        "videos.insert.start": 1,
        "videos.insert.transfer": 1,
        "videos.list": 1,
    }
