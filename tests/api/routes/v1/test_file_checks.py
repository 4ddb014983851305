"""What a platform says of a file, when it is assigned and when it is tried again."""

from typing import Any

import pytest

from domain.states import AssignmentState
from store.tables import Video
from tests.support.api import Tenant
from tests.support.lifecycles import DirectedLifecycles

ASSIGNMENTS = "/api/v1/assignments"
GIB = 1024**3
UPRIGHT = (1080, 1920)


def wanted(tenant: Tenant, video: Video, *connection_ids: str, **fields: Any) -> dict[str, Any]:
    ids = list(connection_ids) or [tenant.connection("1", "facebook").id]
    target = {"connectionId": ids[0]} if len(ids) == 1 else {"connectionIds": ids}
    return {**target, "videoId": video.id, "payload": {"title": "Bread"}, **fields}


@pytest.mark.parametrize(
    ("type", "shape", "size", "duration_ms", "faults"),
    [
        ("video", (640, 360), 10 * GIB + 1, 1000, ["video_too_large"]),
        ("video", (640, 360), 5000, 241 * 60_000, ["video_too_long"]),
        ("reel", (640, 360), 5000, 5000, ["reel_not_vertical", "reel_resolution"]),
        ("reel", UPRIGHT, 5000, 2000, ["reel_too_short"]),
        ("reel", UPRIGHT, 5000, 91_000, ["reel_too_long"]),
    ],
)
async def test_a_file_that_the_platform_refuses_is_refused_here(
    ours: Tenant,
    lifecycles: DirectedLifecycles,
    type: str,
    shape: tuple[int, int],
    size: int,
    duration_ms: int,
    faults: list[str],
) -> None:
    video = ours.video(shape=shape, size=size, duration_ms=duration_ms)
    answer = await ours.http.post(ASSIGNMENTS, json=wanted(ours, video, type=type))
    assert (answer.status_code, answer.json()["code"]) == (400, faults[0]), answer.text
    assert answer.json()["details"].keys() == {"videoId"}
    assert len(answer.json()["details"]["videoId"]) == len(faults)
    assert lifecycles.assignments == []


async def test_what_will_be_otherwise_than_expected_is_a_warning_from_the_start(
    ours: Tenant, lifecycles: DirectedLifecycles
) -> None:
    made = await ours.http.post(ASSIGNMENTS, json=wanted(ours, ours.video(shape=UPRIGHT)))
    assert made.status_code == 201
    assert made.json()["warnings"].keys() == {"vertical_video"}
    [started] = lifecycles.assignments
    assert started.warnings == made.json()["warnings"]


async def test_a_retry_keeps_what_is_known_of_the_file_and_no_older_warning(
    ours: Tenant, lifecycles: DirectedLifecycles
) -> None:
    body = wanted(ours, ours.video(shape=UPRIGHT))
    made = (await ours.http.post(ASSIGNMENTS, json=body)).json()
    # The end of the first attempt knew of none.
    ours.settle(made["id"], AssignmentState.FAILED, error_code="rejected", error="No.")
    again = (await ours.http.post(f"{ASSIGNMENTS}/{made['id']}/retry")).json()
    assert again["warnings"] == made["warnings"]
    assert lifecycles.assignments[1].warnings == made["warnings"]


async def test_one_request_publishes_on_two_platforms_each_with_its_own_warnings(
    ours: Tenant, lifecycles: DirectedLifecycles
) -> None:
    ids = [ours.connection("UC1").id, ours.connection("1", "facebook").id]
    body = wanted(ours, ours.video(shape=UPRIGHT), *ids)
    group = (await ours.http.post(ASSIGNMENTS, json=body)).json()
    assert [item["connectionId"] for item in group["items"]] == ids
    assert [item["platform"] for item in group["items"]] == ["youtube", "facebook"]
    assert [list(item["warnings"]) for item in group["items"]] == [[], ["vertical_video"]]
    assert [each.platform for each in lifecycles.assignments] == ["youtube", "facebook"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"payload": {"title": "Bread", "privacy": "unlisted"}}, "invalid_payload"),
        ({"type": "reel"}, "unknown_type"),
    ],
)
async def test_what_one_of_two_platforms_refuses_makes_no_assignment_on_either(
    ours: Tenant, fields: dict[str, Any], code: str
) -> None:
    ids = [ours.connection("UC1").id, ours.connection("1", "facebook").id]
    body = wanted(ours, ours.video(shape=UPRIGHT, duration_ms=5000), *ids, **fields)
    answer = await ours.http.post(ASSIGNMENTS, json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, code), answer.text
    assert (await ours.http.get(ASSIGNMENTS)).json()["total"] == 0


async def test_a_file_that_one_of_two_platforms_refuses_makes_no_assignment_on_either(
    ours: Tenant,
) -> None:
    ids = [ours.connection("UC1").id, ours.connection("1", "facebook").id]
    body = wanted(ours, ours.video(size=11 * GIB), *ids)
    answer = await ours.http.post(ASSIGNMENTS, json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "video_too_large")
    assert (await ours.http.get(ASSIGNMENTS)).json()["total"] == 0
