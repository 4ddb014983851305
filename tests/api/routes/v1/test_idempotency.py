"""One key, one piece of work: what a request is answered that was sent before."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx2
import pytest
from anyio import from_thread

from domain.states import AssignmentState
from store.queries.publishing.claims import ABANDONED_AFTER
from store.tables import IdempotencyClaim, now
from tests.support.api import DirectedYouTube, Tenant
from tests.support.lifecycles import DirectedLifecycles
from tests.support.stack import eventually

ASSIGNMENTS = "/api/v1/assignments"


def wanted(tenant: Tenant, **fields: Any) -> dict[str, Any]:
    """A request with a key that would be accepted, but for `fields`; None takes one out."""
    body = {
        "connectionId": tenant.connection().id,
        "videoId": tenant.video().id,
        "payload": {"title": "Größe zählt"},
        "idempotencyKey": "k",
        **fields,
    }
    return {name: value for name, value in body.items() if value is not None}


async def send(tenant: Tenant, body: dict[str, Any], **more: Any) -> httpx2.Response:
    return await tenant.http.post(ASSIGNMENTS, json=body, **more)


def change_claim(tenant: Tenant, change: Callable[[IdempotencyClaim], None]) -> None:
    with tenant.context.store.write() as session:
        change(session.get_one(IdempotencyClaim, (tenant.workspace.id, "k")))


def abandon(claim: IdempotencyClaim) -> None:
    """Let its request be thought dead."""
    claim.created_at -= ABANDONED_AFTER


async def test_the_same_key_and_body_replays_the_first_answer(
    ours: Tenant, lifecycles: DirectedLifecycles
) -> None:
    body = wanted(ours, scheduledAt="2090-01-31T18:00:00+01:00")
    first = await send(ours, body)
    ours.settle(first.json()["id"], AssignmentState.FAILED)
    # The same moment and the same key, said in other words.
    body["scheduledAt"] = "2090-01-31T17:00:00Z"
    again = await send(ours, body, headers={"Idempotency-Key": "k"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.content == first.content
    assert len(lifecycles.assignments) == 1


async def test_the_same_key_for_several_connections_replays_the_group(ours: Tenant) -> None:
    ids = [ours.connection("UC1").id, ours.connection("UC2").id]
    body = wanted(ours, connectionId=None, connectionIds=ids)
    first, again = await send(ours, body), await send(ours, body)
    assert (again.status_code, again.content) == (200, first.content)
    assert [item["connectionId"] for item in again.json()["items"]] == ids


async def test_the_same_key_for_another_body_is_422(ours: Tenant) -> None:
    body = wanted(ours)
    await send(ours, body)
    answer = await send(ours, {**body, "payload": {"title": "Other"}})
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


async def test_a_key_belongs_to_one_workspace(ours: Tenant, theirs: Tenant) -> None:
    for tenant in (ours, theirs):
        assert (await send(tenant, wanted(tenant))).status_code == 201


async def test_header_and_body_may_not_name_different_keys(ours: Tenant) -> None:
    answer = await send(ours, wanted(ours), headers={"Idempotency-Key": "other"})
    assert answer.status_code == 400


async def test_while_the_first_is_at_work_the_same_is_409_and_another_422(
    ours: Tenant, youtube: DirectedYouTube, lifecycles: DirectedLifecycles
) -> None:
    body = wanted(ours)
    meanwhile: list[httpx2.Response] = []

    def others_come() -> None:
        for other in (body, {**body, "payload": {"title": "Other"}}):
            meanwhile.append(from_thread.run(send, ours, other))

    youtube.meanwhile = others_come
    assert (await send(ours, body)).status_code == 201
    same, another = meanwhile
    assert (same.status_code, same.json()["code"]) == (409, "in_flight")
    assert (same.json()["remedy"], int(same.headers["Retry-After"]) > 0) == ("wait", True)
    assert (another.status_code, another.json()["code"]) == (422, "idempotency_key_reused")
    assert len(lifecycles.assignments) == 1


async def test_many_at_once_make_one_assignment(
    ours: Tenant, lifecycles: DirectedLifecycles
) -> None:
    body = wanted(ours)
    found = await asyncio.gather(*(send(ours, body) for _ in range(6)))
    assert sorted({answer.status_code for answer in found} - {200, 409}) == [201]
    assert len({answer.content for answer in found if answer.is_success}) == 1
    assert len(lifecycles.assignments) == 1


@pytest.mark.parametrize(
    ("wrong", "status"),
    [({"payload": {}}, 400), ({"videoId": "vid_none"}, 404), ({"callbackUrl": "http://x"}, 400)],
)
async def test_a_request_that_failed_gives_its_key_back(
    ours: Tenant, wrong: dict[str, Any], status: int
) -> None:
    body = wanted(ours)
    assert (await send(ours, {**body, **wrong})).status_code == status
    assert (await send(ours, body)).status_code == 201


async def test_a_fault_of_our_own_gives_the_key_back(
    ours: Tenant, youtube: DirectedYouTube
) -> None:
    def break_down() -> None:
        raise RuntimeError("Nobody foresaw this.")

    body = wanted(ours)
    youtube.meanwhile = break_down
    assert (await send(ours, body)).status_code == 500
    assert (await send(ours, body)).status_code == 201


async def test_what_a_dead_request_left_is_taken_over(ours: Tenant) -> None:
    body = wanted(ours)
    first = await send(ours, body)

    def forget(claim: IdempotencyClaim) -> None:
        claim.sealed_answer, claim.group_id = None, "grp_of_nothing"

    change_claim(ours, forget)
    meanwhile = await send(ours, body)
    assert (meanwhile.status_code, meanwhile.json()["code"]) == (409, "in_flight")
    longest = ABANDONED_AFTER.total_seconds()
    assert longest - 5 <= int(meanwhile.headers["Retry-After"]) <= longest
    change_claim(ours, abandon)
    second = await send(ours, body)
    assert second.status_code == 201
    assert second.json()["id"] != first.json()["id"]


async def test_who_is_at_its_work_for_long_is_not_thought_dead(
    ours: Tenant, youtube: DirectedYouTube
) -> None:
    body = wanted(ours)
    meanwhile: list[httpx2.Response] = []

    async def gives_a_sign() -> bool:
        with ours.context.store.read() as session:
            claim = session.get_one(IdempotencyClaim, (ours.workspace.id, "k"))
            return claim.created_at > now() - ABANDONED_AFTER / 2

    async def another_comes() -> None:
        change_claim(ours, abandon)
        await eventually(gives_a_sign)
        meanwhile.append(await send(ours, body))

    youtube.meanwhile = partial(from_thread.run, another_comes)
    assert (await send(ours, body)).status_code == 201
    assert [answer.status_code for answer in meanwhile] == [409]


async def test_who_was_thought_dead_makes_nothing(
    ours: Tenant, youtube: DirectedYouTube, lifecycles: DirectedLifecycles
) -> None:
    body = wanted(ours)
    meanwhile: list[httpx2.Response] = []

    def another_takes_over() -> None:
        change_claim(ours, abandon)
        meanwhile.append(from_thread.run(partial(send, ours, body)))

    youtube.meanwhile = another_takes_over
    late = await send(ours, body)
    assert (late.status_code, late.json()["code"]) == (409, "in_flight")
    [taken_over] = meanwhile
    assert taken_over.status_code == 201
    assert [one.assignment_id for one in lifecycles.assignments] == [taken_over.json()["id"]]
    assert (await ours.http.get(ASSIGNMENTS)).json()["total"] == 1
    again = await send(ours, body)
    assert (again.status_code, again.content) == (200, taken_over.content)


async def test_a_key_from_before_answers_were_kept_shows_its_assignment(ours: Tenant) -> None:
    body = wanted(ours)
    made = (await send(ours, body)).json()["id"]

    def forget(claim: IdempotencyClaim) -> None:
        claim.sealed_answer = None

    change_claim(ours, forget)
    change_claim(ours, abandon)
    ours.settle(made, AssignmentState.FAILED)
    again = await send(ours, body)
    assert (again.status_code, again.json()["id"]) == (200, made)
    assert again.json()["state"] == "failed"
