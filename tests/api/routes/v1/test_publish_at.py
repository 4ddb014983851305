"""A time of publication lies after the moment at which the upload begins, or it is refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api.test_problems import assert_problem
from tests.support.api import Tenant
from tests.support.lifecycles import DirectedLifecycles

ASSIGNMENTS = "/api/v1/assignments"
FIELD = "payload.publishAt"


def ahead(**time: float) -> str:
    return (datetime.now(UTC) + timedelta(**time)).isoformat()


def wanted(tenant: Tenant, platform: str = "youtube", **fields: Any) -> dict[str, Any]:
    connection = tenant.connection("1", platform).id
    return {"connectionId": connection, "videoId": tenant.video().id, **fields}


@pytest.mark.parametrize("platform", ["youtube", "facebook"])
@pytest.mark.parametrize(
    "at",
    [
        -86_400,
        -1,
        "2020-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
    ],
)
async def test_a_time_in_the_past_is_refused_at_acceptance(
    ours: Tenant, lifecycles: DirectedLifecycles, platform: str, at: str | int
) -> None:
    payload = {"title": "Bread", "publishAt": at if isinstance(at, str) else ahead(seconds=at)}
    answer = await ours.http.post(ASSIGNMENTS, json=wanted(ours, platform, payload=payload))
    assert assert_problem(answer, 400, "invalid_payload").keys() == {FIELD}
    assert lifecycles.assignments == []


@pytest.mark.parametrize("platform", ["youtube", "facebook"])
@pytest.mark.parametrize(("hours", "status"), [(-1, 400), (0, 400), (1, 201)])
async def test_a_time_before_the_schedule_could_only_pass(
    ours: Tenant, platform: str, hours: int, status: int
) -> None:
    schedule = datetime.now(UTC) + timedelta(days=2)
    payload = {"title": "Bread", "publishAt": (schedule + timedelta(hours=hours)).isoformat()}
    body = wanted(ours, platform, payload=payload, scheduledAt=schedule.isoformat())
    answer = await ours.http.post(ASSIGNMENTS, json=body)
    assert answer.status_code == status, answer.text
    if status == 400:
        assert assert_problem(answer, 400, "invalid_payload").keys() == {FIELD}


async def test_facebooks_reach_is_counted_from_the_schedule(ours: Tenant) -> None:
    payload = {"title": "Bread", "publishAt": ahead(days=200)}
    body = wanted(ours, "facebook", payload=payload)
    refused = await ours.http.post(ASSIGNMENTS, json=body)
    assert assert_problem(refused, 400, "invalid_payload").keys() == {FIELD}
    taken = await ours.http.post(ASSIGNMENTS, json={**body, "scheduledAt": ahead(days=100)})
    assert taken.status_code == 201, taken.text


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"payload": {"title": "x", "publishAt": ahead(days=-1)}}, {FIELD}),
        ({"payload": {"title": "x", "publishAt": ahead(days=1)}}, {FIELD}),
        ({"payload": {"title": "x", "publishAt": ahead(days=3)}}, None),
        (
            {"payload": {"title": "x", "publishAt": ahead(days=3)}, "scheduledAt": ahead(days=4)},
            {FIELD},
        ),
        ({"payload": {"title": "x", "publishAt": ahead(days=1)}, "scheduledAt": None}, None),
        ({"scheduledAt": ahead(days=6)}, {"scheduledAt"}),
        ({"scheduledAt": ahead(days=4)}, None),
        ({"scheduledAt": None}, None),
    ],
)
async def test_a_change_is_held_against_what_it_leaves_as_it_is(
    ours: Tenant, changes: dict[str, Any], named: set[str] | None
) -> None:
    payload = {"title": "Bread", "publishAt": ahead(days=5)}
    body = wanted(ours, payload=payload, scheduledAt=ahead(days=2))
    made = await ours.http.post(ASSIGNMENTS, json=body)
    answer = await ours.http.patch(f"{ASSIGNMENTS}/{made.json()['id']}", json=changes)
    if named is None:
        assert answer.status_code == 200, answer.text
    else:
        assert answer.status_code == 400, answer.text
        assert answer.json()["details"].keys() == named


async def test_a_repetition_is_answered_although_its_time_has_passed(ours: Tenant) -> None:
    at = datetime.now(UTC) + timedelta(seconds=3)
    body = wanted(ours, payload={"title": "Bread", "publishAt": at.isoformat()})
    key = {"Idempotency-Key": "episode-12"}
    first = await ours.http.post(ASSIGNMENTS, json=body, headers=key)
    assert first.status_code == 201, first.text
    while datetime.now(UTC) <= at:
        await ours.http.get(ASSIGNMENTS)
    again = await ours.http.post(ASSIGNMENTS, json=body, headers=key)
    assert (again.status_code, again.json()) == (200, first.json())


@pytest.mark.parametrize(("minutes", "status"), [(-1440, 400), (-120, 400), (-30, 201)])
async def test_a_schedule_long_ago_is_taken_for_a_mistyped_date(
    ours: Tenant, minutes: int, status: int
) -> None:
    at = ahead(minutes=minutes)
    body = wanted(ours, payload={"title": "Bread", "privacy": "public"}, scheduledAt=at)
    answer = await ours.http.post(ASSIGNMENTS, json=body)
    assert answer.status_code == status, answer.text
    if status == 400:
        assert answer.json()["details"].keys() == {"scheduledAt"}
