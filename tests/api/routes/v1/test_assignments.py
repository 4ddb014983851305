"""Assignments, up to the point where the workflow takes over."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from domain.errors import Conflict
from domain.states import AssignmentState, KnownBy, StepName, StepState, WaitReason
from store.queries.publishing import edits
from store.queries.publishing.assignments import lock_assignment
from store.queries.publishing.progress import note_finished, record_state
from store.queries.publishing.steps import record_step
from store.tables import ProposedEdit
from tests.support.api import Tenant
from tests.support.lifecycles import DirectedLifecycles

ASSIGNMENTS = "/api/v1/assignments"
PAYLOAD = {"title": "Sourdough in a day"}


def wanted(tenant: Tenant, **fields: Any) -> dict[str, Any]:
    """A request that would be accepted, but for `fields`; None takes one out."""
    body = {
        "connectionId": tenant.connection().id,
        "videoId": tenant.video().id,
        "payload": PAYLOAD,
        **fields,
    }
    return {name: value for name, value in body.items() if value is not None}


def read_again(tenant: Tenant, assignment_id: str, reason: WaitReason) -> None:
    """Let its outcome be unclear, and looked at in ten minutes or once a person has come."""
    is_read = reason is WaitReason.PLATFORM
    with tenant.context.store.write() as session:
        record_state(
            session,
            assignment_id,
            state=AssignmentState.UNCONFIRMED if is_read else AssignmentState.WAITING,
            wait_reason=reason,
            wait_until=datetime.now(UTC) + timedelta(minutes=10),
            warnings={},
        )


async def test_an_assignment_is_accepted_and_started(
    ours: Tenant, lifecycles: DirectedLifecycles
) -> None:
    answer = await ours.http.post(ASSIGNMENTS, json=wanted(ours, externalId="episode-12"))
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["state"], made["attempt"], made["externalId"]) == ("pending", 1, "episode-12")
    [started] = lifecycles.assignments
    assert (started.assignment_id, started.title) == (made["id"], "Sourdough in a day")
    assert (await ours.http.get(f"{ASSIGNMENTS}/{made['id']}")).json() == made


async def test_an_assignment_is_accepted_while_temporal_is_away(
    ours: Tenant, lifecycles: DirectedLifecycles
) -> None:
    lifecycles.is_away = True
    answer = await ours.http.post(ASSIGNMENTS, json=wanted(ours))
    assert answer.status_code == 201
    assert (await ours.http.get(f"{ASSIGNMENTS}/{answer.json()['id']}")).status_code == 200


async def test_several_connections_make_several_assignments(
    ours: Tenant, lifecycles: DirectedLifecycles
) -> None:
    ids = [ours.connection("UC1").id, ours.connection("UC2").id]
    body = wanted(ours, connectionId=None, connectionIds=ids)
    group = (await ours.http.post(ASSIGNMENTS, json=body)).json()
    assert [item["connectionId"] for item in group["items"]] == ids
    assert {item["groupId"] for item in group["items"]} == {group["groupId"]}
    assert len(lifecycles.assignments) == 2
    listed = await ours.http.get(ASSIGNMENTS, params={"groupId": group["groupId"]})
    assert listed.json()["total"] == 2


async def test_one_foreign_connection_among_several_makes_none(
    ours: Tenant, theirs: Tenant
) -> None:
    ids = [ours.connection().id, theirs.connection().id]
    body = wanted(ours, connectionId=None, connectionIds=ids)
    answer = await ours.http.post(ASSIGNMENTS, json=body)
    assert (answer.status_code, answer.json()["code"]) == (404, "connection_not_found")
    assert (await ours.http.get(ASSIGNMENTS)).json()["total"] == 0


async def test_a_foreign_video_is_not_found(ours: Tenant, theirs: Tenant) -> None:
    answer = await ours.http.post(ASSIGNMENTS, json=wanted(ours, videoId=theirs.video().id))
    assert (answer.status_code, answer.json()["code"]) == (404, "video_not_found")


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({}, "title"),
        ({"title": "x" * 101}, "title"),
        ({"title": "<b>"}, "title"),
        ({"title": ""}, "title"),
        ({"title": 7}, "title"),
        ({"title": "x", "description": "é" * 2501}, "description"),
        ({"title": "x", "tags": ["x" * 251, "y" * 249]}, "tags"),
        ({"title": "x", "privacy": "secret"}, "privacy"),
        ({"title": "x", "colour": "red"}, "colour"),
    ],
)
async def test_a_payload_that_the_platform_refuses_is_refused_here(
    ours: Tenant, payload: dict[str, Any], field: str
) -> None:
    answer = await ours.http.post(ASSIGNMENTS, json=wanted(ours, payload=payload))
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_payload")
    assert answer.json()["details"].keys() == {f"payload.{field}"}


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"connectionId": None}, "body"),
        ({"connectionIds": ["con_1"]}, "body connectionIds"),
        ({"connectionId": None, "connectionIds": []}, "connectionIds"),
        ({"connectionId": None, "connectionIds": ["con_1", "con_1"]}, "connectionIds"),
        ({"videoId": None}, "body"),
        ({"mediaUrl": "https://media.example.com/x.mp4"}, "body"),
        ({"payload": None}, "payload"),
        ({"payload": []}, "payload"),
        ({"scheduledAt": "2090-01-31T18:00:00"}, "scheduledAt"),
        ({"scheduledAt": "tomorrow"}, "scheduledAt"),
        ({"scheduledAt": 1700000000}, "scheduledAt"),
        ({"scheduledAt": "1700000000"}, "scheduledAt"),
        ({"scheduledAt": "9999-12-31T23:59:59-12:00"}, "scheduledAt"),
        ({"scheduledAt": "0001-01-01T00:00:00+14:00"}, "scheduledAt"),
        ({"scheduledAt": "2090-01-31 18:00:00Z"}, "scheduledAt"),
        ({"scheduledAt": "2020-01-31T18:00:00Z"}, "scheduledAt"),
        ({"idempotencyKey": ""}, "idempotencyKey"),
        ({"priority": 1}, "priority"),
    ],
)
async def test_a_request_that_is_not_whole_is_400(
    ours: Tenant, fields: dict[str, Any], named: str
) -> None:
    answer = await ours.http.post(ASSIGNMENTS, json=wanted(ours, **fields))
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request"), answer.text
    assert answer.json()["details"].keys() == {*named.split()}


@pytest.mark.parametrize("name", [rb"\ud800", rb"\u0000"])
async def test_a_payload_field_that_is_no_text_is_400(ours: Tenant, name: bytes) -> None:
    body = b'{"connectionId": "c", "videoId": "v", "payload": {"' + name + b'": 1}}'
    answer = await ours.http.post(
        ASSIGNMENTS, content=body, headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


async def test_an_unknown_type_is_refused(ours: Tenant) -> None:
    answer = await ours.http.post(ASSIGNMENTS, json=wanted(ours, type="poem"))
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_type")


async def test_a_video_over_the_platforms_limit_is_refused(ours: Tenant) -> None:
    too_large = ours.video(size=256 * 1024**3 + 1)
    answer = await ours.http.post(ASSIGNMENTS, json=wanted(ours, videoId=too_large.id))
    assert (answer.status_code, answer.json()["code"]) == (400, "video_too_large")


async def test_a_schedule_is_kept_in_utc(ours: Tenant, lifecycles: DirectedLifecycles) -> None:
    body = wanted(ours, scheduledAt="2090-01-31T18:00:00+01:00")
    made = (await ours.http.post(ASSIGNMENTS, json=body)).json()
    assert made["scheduledAt"] == "2090-01-31T17:00:00Z"
    scheduled = lifecycles.assignments[0].scheduled_at
    assert scheduled is not None
    assert scheduled.isoformat() == "2090-01-31T17:00:00+00:00"


async def test_a_connection_that_is_switched_off_is_refused(ours: Tenant) -> None:
    body = wanted(ours)
    await ours.http.patch(f"/api/v1/connections/{body['connectionId']}", json={"isActive": False})
    answer = await ours.http.post(ASSIGNMENTS, json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "connection_inactive")


async def test_assignments_are_filtered_by_state(ours: Tenant) -> None:
    failed, _ = ours.assignment(), ours.assignment()
    ours.settle(failed.id, AssignmentState.FAILED)
    found = (await ours.http.get(ASSIGNMENTS, params={"state": "failed"})).json()
    assert [item["id"] for item in found["items"]] == [failed.id]
    assert (await ours.http.get(ASSIGNMENTS, params={"state": "lost"})).status_code == 400


async def test_an_edit_in_time_goes_to_the_workflow(
    ours: Tenant, lifecycles: DirectedLifecycles
) -> None:
    path = f"{ASSIGNMENTS}/{ours.assignment().id}"
    changes = {"payload": {"title": "Better"}, "scheduledAt": None}
    assert (await ours.http.patch(path, json=changes)).status_code == 200
    [edit] = lifecycles.edits
    assert (edit.version, edit.clears_schedule) == (1, True)
    with ours.context.store.write() as session:
        assert edits.apply_edit(session, edit.assignment_id, edit.version)
    changed = (await ours.http.get(path)).json()
    assert (changed["payload"], changed["scheduledAt"]) == ({"title": "Better"}, None)


async def test_an_edit_checks_the_payload(ours: Tenant, lifecycles: DirectedLifecycles) -> None:
    path = f"{ASSIGNMENTS}/{ours.assignment().id}"
    answer = await ours.http.patch(path, json={"payload": {"title": "x" * 101}})
    assert answer.json()["details"].keys() == {"payload.title"}
    for nothing in ({}, {"payload": None}):
        assert (await ours.http.patch(path, json=nothing)).status_code == 400
    assert lifecycles.edits == []


async def test_an_edit_that_comes_too_late_is_409(
    ours: Tenant, lifecycles: DirectedLifecycles
) -> None:
    lifecycles.conflict = Conflict("too_late", "The transfer has begun.")
    path = f"{ASSIGNMENTS}/{ours.assignment().id}"
    answer = await ours.http.patch(path, json={"scheduledAt": "2090-01-31T18:00:00Z"})
    assert (answer.status_code, answer.json()["code"]) == (409, "too_late")
    assert proposals(ours) == []


async def test_an_edit_that_temporal_did_not_take_is_503_and_never_happens(
    ours: Tenant, lifecycles: DirectedLifecycles
) -> None:
    assignment = ours.assignment()
    lifecycles.is_away = True
    answer = await ours.http.patch(
        f"{ASSIGNMENTS}/{assignment.id}", json={"payload": {"title": "Late"}}
    )
    assert (answer.status_code, answer.json()["code"]) == (503, "temporal_unavailable")
    with ours.context.store.write() as session:
        assert not edits.apply_edit(session, assignment.id, 1)
    assert proposals(ours) == []


def proposals(tenant: Tenant) -> list[ProposedEdit]:
    with tenant.context.store.read() as session:
        return list(session.exec(select(ProposedEdit)))


async def test_a_cancel_in_time_answers_with_the_assignment(
    ours: Tenant, lifecycles: DirectedLifecycles
) -> None:
    row = ours.assignment()
    answer = await ours.http.delete(f"{ASSIGNMENTS}/{row.id}")
    assert (answer.status_code, answer.json()["id"]) == (200, row.id)
    assert lifecycles.cancelled == [row.id]


async def test_a_cancel_that_comes_too_late_is_409(
    ours: Tenant, lifecycles: DirectedLifecycles
) -> None:
    lifecycles.cancels_in_time = False
    answer = await ours.http.delete(f"{ASSIGNMENTS}/{ours.assignment().id}")
    assert (answer.status_code, answer.json()["code"]) == (409, "too_late")


@pytest.mark.parametrize(
    ("reason", "remedy", "when"),
    [
        (WaitReason.PLATFORM, "wait", "it is read again at "),
        (WaitReason.CONNECTION, "reconnect", "it is read once the connection is authorized again"),
    ],
)
async def test_a_cancel_that_is_not_decided_says_when_it_will_be(
    ours: Tenant, lifecycles: DirectedLifecycles, reason: WaitReason, remedy: str, when: str
) -> None:
    lifecycles.cancels_in_time = None
    row = ours.assignment()
    read_again(ours, row.id, reason)
    answer = await ours.http.delete(f"{ASSIGNMENTS}/{row.id}")
    told = answer.json()
    assert (answer.status_code, told["code"], told["remedy"]) == (409, "unconfirmed", remedy)
    assert when in told["error"]
    assert "Whether YouTube made a video" in told["error"]
    assert ("Retry-After" in answer.headers) == (remedy == "wait")
    if remedy == "wait":
        assert 590 <= int(answer.headers["Retry-After"]) <= 600


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (AssignmentState.CANCELLED, 200),
        (AssignmentState.PUBLISHED, 409),
        (AssignmentState.FAILED, 409),
    ],
)
async def test_what_has_ended_is_not_cancelled_again(
    ours: Tenant, lifecycles: DirectedLifecycles, state: AssignmentState, status: int
) -> None:
    row = ours.assignment()
    ours.settle(row.id, state)
    assert (await ours.http.delete(f"{ASSIGNMENTS}/{row.id}")).status_code == status
    assert lifecycles.cancelled == []


async def test_what_was_accepted_without_temporal_is_started_by_its_cancel(
    ours: Tenant, lifecycles: DirectedLifecycles
) -> None:
    row = ours.assignment()
    await ours.http.delete(f"{ASSIGNMENTS}/{row.id}")
    assert [started.assignment_id for started in lifecycles.assignments] == [row.id]


async def test_without_temporal_a_cancel_is_503_and_nothing_has_changed(
    ours: Tenant, lifecycles: DirectedLifecycles
) -> None:
    lifecycles.is_away = True
    path = f"{ASSIGNMENTS}/{ours.assignment().id}"
    answer = await ours.http.delete(path)
    assert (answer.status_code, answer.json()["code"]) == (503, "temporal_unavailable")
    assert answer.headers["Retry-After"]
    assert (await ours.http.get(path)).json()["state"] == "pending"


async def test_a_failed_assignment_begins_its_next_attempt(
    ours: Tenant, lifecycles: DirectedLifecycles
) -> None:
    row = ours.assignment()
    ours.settle(row.id, AssignmentState.FAILED, error_code="rejected", error="No.")
    first, second = await asyncio.gather(
        *(ours.http.post(f"{ASSIGNMENTS}/{row.id}/retry") for _ in range(2))
    )
    assert sorted((first.status_code, second.status_code)) == [200, 409]
    assert [started.attempt for started in lifecycles.assignments] == [2]
    after = (await ours.http.get(f"{ASSIGNMENTS}/{row.id}")).json()
    assert (after["state"], after["errorCode"]) == ("pending", None)


async def test_the_failed_steps_of_a_published_one_are_done_again_and_nothing_else(
    ours: Tenant, lifecycles: DirectedLifecycles
) -> None:
    row = ours.assignment()
    payload = {
        "title": "x",
        "thumbnailUrl": "https://origin.test/a.jpg",
        "captions": [{"url": "https://origin.test/a.srt", "language": "en"}],
    }
    with ours.context.store.write() as session:
        held = lock_assignment(session, row.id)
        held.clear_payload, held.sealed_payload = payload, None
        note_finished(session, row.id, platform_id="dQw", known_by=KnownBy.ANSWER)
        for name, state in ((StepName.THUMBNAIL, "failed"), (StepName.CAPTIONS, "done")):
            record_step(session, assignment_id=row.id, name=name, state=StepState(state))
    ours.settle(
        row.id,
        AssignmentState.PUBLISHED,
        platform_url="https://youtu.be/dQw",
        warnings={"thumbnail_failed": "It is not there."},
    )
    first, second = await asyncio.gather(
        *(ours.http.post(f"{ASSIGNMENTS}/{row.id}/retry") for _ in range(2))
    )
    assert sorted((first.status_code, second.status_code)) == [200, 409]
    [started] = lifecycles.assignments
    assert (started.attempt, started.extra_steps) == (2, [StepName.THUMBNAIL])
    assert started.progress is not None
    assert (started.progress.platform_id, started.progress.platform_url) == (
        "dQw",
        "https://youtu.be/dQw",
    )
    after = (await ours.http.get(f"{ASSIGNMENTS}/{row.id}")).json()
    assert (after["state"], after["warnings"]) == ("processing", {})
    cancelled = await ours.http.delete(f"{ASSIGNMENTS}/{row.id}")
    assert (cancelled.status_code, cancelled.json()["code"]) == (409, "too_late")


async def test_what_is_published_without_a_failed_step_is_not_retried(ours: Tenant) -> None:
    row = ours.assignment()
    ours.settle(row.id, AssignmentState.PUBLISHED, warnings={"upright_as_video": "It is."})
    answer = await ours.http.post(f"{ASSIGNMENTS}/{row.id}/retry")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_retryable")
    assert "no step failed" in answer.json()["error"]


async def test_what_has_not_failed_is_not_retried(ours: Tenant) -> None:
    answer = await ours.http.post(f"{ASSIGNMENTS}/{ours.assignment().id}/retry")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_retryable")


async def test_a_retry_of_what_is_read_says_when_it_is_read_again(ours: Tenant) -> None:
    row = ours.assignment()
    read_again(ours, row.id, WaitReason.PLATFORM)
    answer = await ours.http.post(f"{ASSIGNMENTS}/{row.id}/retry")
    told = answer.json()
    assert (answer.status_code, told["code"], told["remedy"]) == (409, "unconfirmed", "wait")
    assert "Whether YouTube made a video" in told["error"]
    assert 590 <= int(answer.headers["Retry-After"]) <= 600


@pytest.mark.parametrize(
    "order",
    [
        {"force": True},
        {"force": True, "reason": "  "},
        {"force": True, "reason": "x" * 501},
        {"force": True, "reason": "Looked by hand:\nit is not there."},
        {"force": True, "reason": "Looked \x1b[2Jby hand."},
        {"force": True, "reason": "Looked\u2028by hand."},
        {"reason": "Looked by hand."},
    ],
)
async def test_an_order_without_its_reason_changes_nothing(
    ours: Tenant, order: dict[str, Any]
) -> None:
    row = ours.assignment()
    ours.settle(row.id, AssignmentState.UNCONFIRMED)
    path = f"{ASSIGNMENTS}/{row.id}"
    answer = await ours.http.post(f"{path}/retry", json=order)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert (await ours.http.get(path)).json()["state"] == "unconfirmed"


async def test_an_order_with_its_reason_is_taken(ours: Tenant) -> None:
    row = ours.assignment()
    ours.settle(row.id, AssignmentState.UNCONFIRMED)
    order = {"force": True, "reason": "Looked by hand."}
    answer = await ours.http.post(f"{ASSIGNMENTS}/{row.id}/retry", json=order)
    assert (answer.status_code, answer.json()["state"]) == (200, "pending")
    assert answer.json()["attempt"] == 1


async def test_what_the_platform_has_is_not_cancelled(
    ours: Tenant, lifecycles: DirectedLifecycles
) -> None:
    row = ours.assignment()
    with ours.context.store.write() as session:
        note_finished(session, row.id, platform_id="yt1", known_by=KnownBy.ANSWER)
    answer = await ours.http.delete(f"{ASSIGNMENTS}/{row.id}")
    assert (answer.status_code, answer.json()["code"]) == (409, "too_late")
    assert lifecycles.cancelled == []
