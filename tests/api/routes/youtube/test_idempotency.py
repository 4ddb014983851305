"""One key, one upload: what this surface answers a request that was sent before."""

from typing import Any

import httpx2
from anyio import from_thread

from domain.states import AssignmentState, KnownBy
from store.queries.publishing.progress import note_finished
from tests.support.api import DirectedYouTube, Tenant
from tests.support.lifecycles import DirectedLifecycles

UPLOAD = "/api/youtube/upload/"


async def send(tenant: Tenant, body: dict[str, Any], **headers: str) -> httpx2.Response:
    return await tenant.http.post(UPLOAD, json=body, headers={"Idempotency-Key": "k", **headers})


def job(tenant: Tenant) -> dict[str, Any]:
    """A request that would be accepted."""
    tenant.connection()
    return {"job_id": tenant.video().number}


async def test_the_same_key_and_body_makes_one_upload(
    ours: Tenant, lifecycles: DirectedLifecycles
) -> None:
    body = job(ours)
    first = await send(ours, body)
    ours.settle(lifecycles.assignments[0].assignment_id, AssignmentState.FAILED)
    # Said in other words, and about another channel by now.
    ours.connection("UC2")
    again = await send(ours, {**body, "title": None, "privacy_status": "public"})
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.content == first.content
    assert len(lifecycles.assignments) == 1


async def test_a_repetition_needs_nothing_of_what_the_first_named(
    ours: Tenant, lifecycles: DirectedLifecycles
) -> None:
    body = job(ours)
    first = await send(ours, body)
    connection = ours.connection()
    await ours.http.patch(f"/api/v1/connections/{connection.id}", json={"isActive": False})
    assert (await ours.http.post(UPLOAD, json=body)).status_code == 404
    assert (await send(ours, body)).content == first.content
    assert len(lifecycles.assignments) == 1


async def test_the_same_key_for_another_body_is_422(
    ours: Tenant, lifecycles: DirectedLifecycles
) -> None:
    body = job(ours)
    await send(ours, body)
    answer = await send(ours, {**body, "privacy_status": "private"})
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert len(lifecycles.assignments) == 1


async def test_while_the_first_is_at_work_the_same_is_409(
    ours: Tenant, youtube: DirectedYouTube, lifecycles: DirectedLifecycles
) -> None:
    body = job(ours)
    meanwhile: list[httpx2.Response] = []
    youtube.meanwhile = lambda: meanwhile.append(from_thread.run(send, ours, body))
    assert (await send(ours, body)).status_code == 200
    [same] = meanwhile
    assert (same.status_code, same.json()["code"]) == (409, "in_flight")
    assert int(same.headers["Retry-After"]) > 0
    assert len(lifecycles.assignments) == 1


async def test_a_request_that_failed_gives_its_key_back(ours: Tenant) -> None:
    body = {"job_id": ours.video().number}
    assert (await send(ours, body)).status_code == 404
    ours.connection()
    assert (await send(ours, body)).status_code == 200


async def test_a_repetition_that_waits_is_told_of_the_same_upload(
    ours: Tenant, lifecycles: DirectedLifecycles
) -> None:
    body = job(ours)
    first = await send(ours, body)
    with ours.context.store.write() as session:
        made = lifecycles.assignments[0].assignment_id
        note_finished(session, made, platform_id="dQw4w9WgXcQ", known_by=KnownBy.ANSWER)
    waited = await send(ours, body, Prefer="wait=60")
    assert waited.headers["Preference-Applied"] == "wait=60"
    assert waited.json() == {
        **first.json(),
        "youtube_video_id": "dQw4w9WgXcQ",
        "youtube_url": "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
    }
    assert (await send(ours, body)).content == first.content
    assert len(lifecycles.assignments) == 1
