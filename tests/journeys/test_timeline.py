"""An upload's troubles, as its timeline tells them afterwards."""

from typing import Any

import pytest

from testkit.clips import Clip, make_clip, the_only_video
from tests.support.stack import Stack, Tenant

START = "videos.insert.start"
TRANSFER = "videos.insert.transfer"


@pytest.fixture
def clip(stack: Stack) -> Clip:
    """Four chunks, the last one short."""
    stack.emulator.switch(processing_seconds=0, page_processing_seconds=0)
    return make_clip(stack.media)


async def timeline(tenant: Tenant, assignment: dict[str, Any]) -> Any:
    return await tenant.ask("GET", f"/api/v1/assignments/{assignment['id']}/timeline")


def observed(told: Any) -> list[tuple[str, str | None]]:
    """The observations, and what was told at each."""
    return [
        (item["kind"], item["data"].get("told"))
        for item in told["items"]
        if not item["kind"].startswith("assignment.")
    ]


async def test_a_short_publish_leaves_four_lines_of_evidence(tenant: Tenant, stack: Stack) -> None:
    stack.emulator.switch(processing_seconds=0)
    told = await timeline(tenant, await tenant.publish(await tenant.connection()))
    assert observed(told) == [
        ("session_opened", None),
        ("finish_sent", None),
        ("answered", "finished"),
        ("identified", None),
    ]


async def test_a_lost_final_answer_is_told_with_what_read_it_back(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    stack.emulator.fault(TRANSFER, "cut", after_bytes=700_000, skip=1)
    stack.emulator.fault(TRANSFER, "lose_answer", final=True)

    published = await tenant.publish(await tenant.connection(), mediaUrl=clip.url)

    video = the_only_video(stack.emulator, clip)["id"]
    told = await timeline(tenant, published)
    assert observed(told) == [
        ("session_opened", None),
        ("confirmed", None),
        ("answered", "nothing"),
        ("asked", "held"),
        ("confirmed", None),
        ("finish_sent", None),
        ("answered", "nothing"),
        ("asked", "finished"),
        ("identified", None),
    ]
    evidence = told["evidence"]
    assert (evidence["sessionsOpened"], evidence["finishesSent"]) == (1, 1)
    assert (evidence["knownBy"], evidence["platformId"]) == ("read_back", video)
    assert evidence["sha256"] == clip.sha256
    assert told["sentence"] == f"It is published: {published['platformUrl']}"


@pytest.mark.parametrize(
    ("operation", "sentence"),
    [
        (START, "Opening the upload session failed: "),
        (TRANSFER, "Sending the bytes failed: "),
    ],
)
async def test_what_failed_is_told(
    tenant: Tenant, stack: Stack, clip: Clip, operation: str, sentence: str
) -> None:
    stack.emulator.fault(operation, "status", status=403)

    failed = await tenant.publish(await tenant.connection(), mediaUrl=clip.url)

    assert failed["state"] == "failed"
    told = await timeline(tenant, failed)
    stopped = next(item for item in told["items"] if item["kind"] == "stopped")
    assert stopped["sentence"] == f"{sentence}{failed['error']}"


async def test_a_refusal_of_the_last_byte_is_of_the_finish(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    """It is believed when the session agrees, so a question is what was asked last."""
    stack.emulator.fault(TRANSFER, "status", status=403, final=True)

    failed = await tenant.publish(await tenant.connection(), mediaUrl=clip.url)

    told = await timeline(tenant, failed)
    assert observed(told)[-3:] == [
        ("asked", "held"),
        ("session_discarded", None),
        ("stopped", None),
    ]
    assert told["items"][-2]["sentence"].startswith("Completing the upload failed: ")


async def test_a_video_that_facebook_names_beforehand_is_told_from_the_first(
    tenant: Tenant, stack: Stack, clip: Clip
) -> None:
    page_id = next(iter((await tenant.pages()).values()))
    stack.emulator.fault("page_videos.finish", "lose_answer_live")

    published = await tenant.publish(page_id, mediaUrl=clip.url)

    told = await timeline(tenant, published)
    opened = next(item for item in told["items"] if item["kind"] == "session_opened")
    assert opened["data"]["videoId"] == published["platformId"]
    assert ("answered", "nothing") in observed(told)
    assert told["evidence"]["sha256"] == clip.sha256
