"""`/api/youtube` and `/api/video-jobs`, from the first address to the published video."""

from typing import Any

import httpx2
import pytest

from testkit.clips import CLIP
from testkit.emulator import ANA
from tests.support.stack import Stack, Tenant, Visit


async def initiate(tenant: Tenant) -> str:
    answer = await tenant.ask("POST", "/api/youtube/auth/initiate/")
    assert set(answer) == {"authorization_url"}
    url: str = answer["authorization_url"]
    return url


async def connect(tenant: Tenant, account: str = ANA, **visit: Any) -> Visit:
    return await tenant.browse(await initiate(tenant), account=account, **visit)


async def register(tenant: Tenant, title: str = "Sourdough") -> int:
    body = {"title": title, "description": "How to bake.", "source_url": CLIP.as_uri()}
    job = await tenant.ask("POST", "/api/video-jobs/", body, status=201)
    assert (job["status"], job["title"]) == ("COMPLETED", title)
    number: int = job["id"]
    return number


async def ended(tenant: Tenant, upload_id: int) -> dict[str, Any]:
    path = f"/api/youtube/uploads/{upload_id}/status/"
    seen: dict[str, Any] = await tenant.eventually(
        path, lambda seen: seen["status"] != "PROCESSING"
    )
    return seen


async def test_a_job_is_published_on_the_connected_channel(tenant: Tenant, stack: Stack) -> None:
    visit = await connect(tenant)
    assert visit.back.status_code == 200
    assert "The channel is connected" in visit.back.text
    job_id = await register(tenant)

    upload = await tenant.ask("POST", "/api/youtube/upload/", {"job_id": job_id})
    assert upload["status"] == "PROCESSING"
    done = await ended(tenant, upload["upload_id"])

    (video,) = stack.emulator.videos()
    assert done == {
        "upload_id": upload["upload_id"],
        "youtube_video_id": video["id"],
        "youtube_url": f"https://www.youtube.com/watch?v={video['id']}",
        "status": "COMPLETED",
        "error_message": None,
    }
    assert await tenant.ask("GET", "/api/youtube/uploads/") == [done]
    # This surface's promise: the job's words, and public unless said otherwise.
    assert (video["title"], video["description"]) == ("Sourdough", "How to bake.")
    assert video["privacy_status"] == "public"


async def test_an_upload_says_what_it_is_told_to_say(tenant: Tenant, stack: Stack) -> None:
    await connect(tenant)
    wanted = {
        "job_id": await register(tenant),
        "title": "Rye",
        "description": "",
        "tags": ["dough"],
        "privacy_status": "unlisted",
    }

    upload = await tenant.ask("POST", "/api/youtube/upload/", wanted)
    await ended(tenant, upload["upload_id"])

    (video,) = stack.emulator.videos()
    assert (video["title"], video["description"], video["tags"], video["privacy_status"]) == (
        "Rye",
        "",
        ["dough"],
        "unlisted",
    )


async def test_who_prefers_to_wait_gets_the_videos_id(tenant: Tenant, stack: Stack) -> None:
    await connect(tenant)
    body = {"job_id": await register(tenant)}
    headers = {"Authorization": f"Bearer {tenant.key}"}

    at_once = await stack.http.post("/api/youtube/upload/", json=body, headers=headers)
    waited = await stack.http.post(
        "/api/youtube/upload/", json=body, headers={**headers, "Prefer": "wait=30"}
    )

    assert at_once.json()["youtube_video_id"] is None
    assert "Preference-Applied" not in at_once.headers
    assert waited.json()["youtube_video_id"] in {video["id"] for video in stack.emulator.videos()}
    assert waited.headers["Preference-Applied"] == "wait=30"


async def test_the_channel_is_shown_as_it_is_now(tenant: Tenant, stack: Stack) -> None:
    assert (await tenant.ask("GET", "/api/youtube/channel/", status=404))["code"] == (
        "connection_not_found"
    )
    await connect(tenant)

    channel = await tenant.ask("GET", "/api/youtube/channel/")

    assert channel["channel_id"] == stack.emulator.channel("Ana Cooks")["id"]
    assert (channel["title"], channel["subscriber_count"]) == ("Ana Cooks", 128)
    assert channel["thumbnail_url"].startswith("http")


async def test_the_channel_connected_last_is_the_one(tenant: Tenant, stack: Stack) -> None:
    await connect(tenant)
    await connect(tenant, "ben@example.test")
    assert (await tenant.ask("GET", "/api/youtube/channel/"))["title"] == "Ben"

    await connect(tenant)
    assert (await tenant.ask("GET", "/api/youtube/channel/"))["title"] == "Ana Cooks"


async def test_a_rejected_video_is_a_failed_upload(tenant: Tenant, stack: Stack) -> None:
    await connect(tenant)
    stack.emulator.fault("videos.insert.start", "processing_rejects", reason="duplicate")

    upload = await tenant.ask("POST", "/api/youtube/upload/", {"job_id": await register(tenant)})
    failed = await ended(tenant, upload["upload_id"])

    assert failed["status"] == "FAILED"
    assert "duplicate" in failed["error_message"]


async def test_a_parked_upload_is_still_processing(tenant: Tenant, stack: Stack) -> None:
    await connect(tenant)
    stack.emulator.switch(uploads_per_day=0)

    upload = await tenant.ask("POST", "/api/youtube/upload/", {"job_id": await register(tenant)})

    path = f"/api/youtube/uploads/{upload['upload_id']}/status/"
    parked = await tenant.eventually(path, lambda seen: seen["error_message"])
    assert (parked["status"], parked["youtube_video_id"]) == ("PROCESSING", None)


@pytest.mark.parametrize(
    ("decision", "account", "sentence"),
    [
        ("deny", ANA, "refused"),
        ("allow", "partial@example.test", "permission"),
        ("allow", "nochannel@example.test", "no channel"),
    ],
)
async def test_a_consent_that_fails_ends_on_a_page_that_says_why(
    tenant: Tenant, decision: str, account: str, sentence: str
) -> None:
    visit = await connect(tenant, account, decision=decision)
    assert visit.back.status_code == 400
    assert sentence in visit.back.text
    await tenant.ask("GET", "/api/youtube/channel/", status=404)


async def test_a_client_that_wants_json_gets_the_ending_as_json(
    tenant: Tenant, stack: Stack
) -> None:
    async with httpx2.AsyncClient(
        transport=stack.http._transport, timeout=60, headers={"Accept": "application/json"}
    ) as browser:
        visit = await tenant.browse(await initiate(tenant), browser=browser)
        again = await browser.get(f"{visit.callback}&state=x")

    (connection,) = (await tenant.ask("GET", "/api/v1/connections"))["items"]
    assert visit.back.json() == {"status": "success", "connection_ids": [connection["id"]]}
    assert (again.status_code, again.json()["code"]) == (400, "invalid_ticket")


async def test_what_is_not_there_is_not_found(tenant: Tenant, stack: Stack) -> None:
    other = await stack.tenant(f"{tenant.workspace_id} other")
    theirs = await register(other)
    # Without a connection, then with one.
    await tenant.ask("POST", "/api/youtube/upload/", {"job_id": theirs}, status=404)
    await connect(tenant)
    await tenant.ask("POST", "/api/youtube/upload/", {"job_id": theirs}, status=404)
    for path in (f"video-jobs/{theirs}/", "youtube/uploads/1/status/"):
        await tenant.ask("GET", f"/api/{path}", status=404)
    assert await tenant.ask("GET", "/api/video-jobs/") == []


async def test_a_channel_that_was_disconnected_is_no_longer_there(tenant: Tenant) -> None:
    await connect(tenant)
    job_id = await register(tenant)
    (connection,) = (await tenant.ask("GET", "/api/v1/connections"))["items"]
    await tenant.ask("DELETE", f"/api/v1/connections/{connection['id']}")

    await tenant.ask("GET", "/api/youtube/channel/", status=404)
    await tenant.ask("POST", "/api/youtube/upload/", {"job_id": job_id}, status=404)


async def test_the_last_slash_may_be_missing_all_the_way(tenant: Tenant) -> None:
    initiated = await tenant.ask("POST", "/api/youtube/auth/initiate")
    await tenant.browse(initiated["authorization_url"])
    body = {"title": "Bread", "source_url": CLIP.as_uri()}
    job = await tenant.ask("POST", "/api/video-jobs", body)
    assert await tenant.ask("GET", f"/api/video-jobs/{job['id']}") == job
    assert await tenant.ask("GET", "/api/video-jobs") == [job]
    assert (await tenant.ask("GET", "/api/youtube/channel"))["title"] == "Ana Cooks"
    upload = await tenant.ask("POST", "/api/youtube/upload", {"job_id": job["id"]})
    done = await ended(tenant, upload["upload_id"])
    assert await tenant.ask("GET", "/api/youtube/uploads") == [done]
    assert await tenant.ask("GET", f"/api/youtube/uploads/{upload['upload_id']}/status") == done
