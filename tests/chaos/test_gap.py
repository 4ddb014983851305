"""What a customer does after a restore about the work that the database no longer knows."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from chaos.customer import Accepted, Customer
from chaos.deeds import Order
from chaos.gap import Gap, absent
from testkit.clips import Clip

ORDER = Order(number=7, platform="youtube", type="video", account=0, size=10)
BEFORE = Accepted("asg_before", tries=1)
CLIP = Clip(Path("/clips/7.mp4"), 10, "")
PUBLISHED = {"subjectId": "asg_before", "type": "assignment.published"}


@asynccontextmanager
async def api(*known: dict[str, Any]) -> AsyncIterator[tuple[Customer, list[Any]]]:
    """An API that knows these assignments; with what is posted to it."""
    posted: list[Any] = []

    async def read(request: web.Request) -> web.Response:
        found = [row for row in known if row["id"] == request.match_info["id"]]
        return web.json_response(found[0]) if found else web.json_response({}, status=404)

    async def search(request: web.Request) -> web.Response:
        key = request.query["externalId"]
        return web.json_response({"items": [row for row in known if row["externalId"] == key]})

    async def post(request: web.Request) -> web.Response:
        posted.append((request.headers["Idempotency-Key"], await request.json()))
        return web.json_response({"id": "asg_after"}, status=201)

    app = web.Application()
    app.router.add_get("/api/v1/assignments/{id}", read)
    app.router.add_get("/api/v1/assignments", search)
    app.router.add_post("/api/v1/assignments", post)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with Customer(f"http://127.0.0.1:{runner.addresses[0][1]}", "key") as customer:
            customer.use({"youtube": ["con_1"]})
            yield customer, posted
    finally:
        await runner.cleanup()


async def ask(customer: Customer, *, told: Any = (), orphans: Any = ()) -> Accepted | None:
    async def list_orphans() -> Any:
        return orphans

    return await Gap(customer, told, list_orphans).ask(ORDER, BEFORE, CLIP)


async def test_what_the_api_still_knows_is_left_alone() -> None:
    async with api({"id": "asg_before", "externalId": ORDER.key}) as (customer, posted):
        assert await ask(customer) is BEFORE
    assert posted == []


async def test_what_is_found_by_its_external_id_is_not_posted_again() -> None:
    async with api({"id": "asg_other", "externalId": ORDER.key}) as (customer, posted):
        found = await ask(customer)
    assert found is not None
    assert found.assignment_id == "asg_other"
    assert posted == []


async def test_what_nobody_knows_is_posted_again_with_the_same_key() -> None:
    async with api() as (customer, posted):
        again = await ask(customer)
    assert again is not None
    assert again.assignment_id == "asg_after"
    [(key, body)] = posted
    assert key == body["externalId"] == ORDER.key


async def test_what_has_ended_is_not_posted_again() -> None:
    listed = {"assignmentId": "asg_before", "platformId": "video-7"}
    async with api() as (customer, posted):
        assert await ask(customer, told=[PUBLISHED]) is None
        assert await ask(customer, told=[{**PUBLISHED, "type": "assignment.failed"}]) is None
        assert await ask(customer, orphans=[listed]) is None
    assert posted == []


async def test_an_orphan_that_had_published_nothing_is_posted_again() -> None:
    async with api() as (customer, posted):
        listed = {"assignmentId": "asg_before", "platformId": None}
        assert await ask(customer, told=[], orphans=[listed]) is not None
    assert len(posted) == 1


def test_a_person_forces_a_retry_only_of_what_is_unconfirmed_and_not_on_the_account() -> None:
    rows = [
        {"id": "asg_1", "externalId": "one", "state": "unconfirmed"},
        {"id": "asg_2", "externalId": "two", "state": "unconfirmed"},
        {"id": "asg_3", "externalId": "three", "state": "uploading"},
    ]
    titles = {"one": "One", "two": "Two", "three": "Three"}
    there = {"title": "One", "platform": "youtube", "upload_status": "processed"}
    assert absent(rows, titles, [there]) == ["asg_2"]
    refused = {**there, "title": "Two", "upload_status": "failed"}
    assert absent(rows, titles, [there, refused]) == ["asg_2"]
