"""Uploads by the `/api/youtube` surface."""

import asyncio
import time
from typing import Any

import pytest

from api.context import Context
from domain.states import AssignmentState, KnownBy
from store.queries.publishing import assignments, progress
from tests.support.api import Tenant
from tests.support.lifecycles import DirectedLifecycles

UPLOAD = "/api/youtube/upload/"


async def test_an_upload_takes_its_defaults_from_the_job(
    ours: Tenant, context: Context, lifecycles: DirectedLifecycles
) -> None:
    ours.connection()
    answer = await ours.http.post(UPLOAD, json={"job_id": ours.video().number})
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "upload_id": 1,
        "youtube_video_id": None,
        "youtube_url": None,
        "status": "PROCESSING",
    }
    with context.store.read() as session:
        row = assignments.get_assignment_by_id(session, lifecycles.assignments[0].assignment_id)
    assert row.payload == {
        "title": "Bread",
        "description": "How to bake.",
        "privacy": "public",
    }


async def test_an_upload_says_otherwise_where_it_wants(
    ours: Tenant, lifecycles: DirectedLifecycles, context: Context
) -> None:
    ours.connection()
    wanted = {
        "job_id": ours.video().number,
        "title": "Rolls",
        "description": "",
        "tags": ["rolls"],
        "privacy_status": "unlisted",
    }
    assert (await ours.http.post(UPLOAD, json=wanted)).status_code == 200
    with context.store.read() as session:
        row = assignments.get_assignment_by_id(session, lifecycles.assignments[0].assignment_id)
    assert row.payload == {
        "title": "Rolls",
        "description": "",
        "tags": ["rolls"],
        "privacy": "unlisted",
    }


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"job_id": None}, "job_id"),
        ({"job_id": 0}, "job_id"),
        ({"job_id": 2**40}, "job_id"),
        ({"title": "x" * 101}, "title"),
        ({"title": "<b>"}, "title"),
        ({"description": "é" * 2501}, "description"),
        ({"tags": ["x" * 501]}, "tags"),
        ({"privacy_status": "secret"}, "privacy_status"),
        ({"privacyStatus": "public"}, "privacyStatus"),
    ],
)
async def test_what_is_wrong_is_named_as_this_surface_names_it(
    ours: Tenant, fields: dict[str, Any], named: str
) -> None:
    ours.connection()
    answer = await ours.http.post(UPLOAD, json={"job_id": ours.video().number, **fields})
    assert answer.status_code == 400
    assert answer.json()["details"].keys() == {named}


async def test_without_a_channel_there_is_nothing_to_upload_to(ours: Tenant) -> None:
    answer = await ours.http.post(UPLOAD, json={"job_id": ours.video().number})
    assert (answer.status_code, answer.json()["code"]) == (404, "connection_not_found")
    assert (await ours.http.get("/api/youtube/channel/")).status_code == 404


async def test_a_foreign_job_is_not_found(ours: Tenant, theirs: Tenant) -> None:
    ours.connection()
    answer = await ours.http.post(UPLOAD, json={"job_id": theirs.video().number})
    assert (answer.status_code, answer.json()["code"]) == (404, "video_not_found")


async def test_a_preferred_wait_ends_when_the_id_is_there(
    ours: Tenant, context: Context, lifecycles: DirectedLifecycles
) -> None:
    ours.connection()
    asked = asyncio.create_task(
        ours.http.post(UPLOAD, json={"job_id": ours.video().number}, headers={"Prefer": "wait=60"})
    )
    await lifecycles.assigned.wait()
    with context.store.write() as session:
        progress.note_finished(
            session,
            lifecycles.assignments[0].assignment_id,
            platform_id="dQw4w9WgXcQ",
            known_by=KnownBy.ANSWER,
        )
    async with asyncio.timeout(10):
        answer = await asked
    assert answer.headers["Preference-Applied"] == "wait=60"
    assert answer.json()["youtube_video_id"] == "dQw4w9WgXcQ"
    assert answer.json()["youtube_url"] == "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
    assert answer.json()["status"] == "PROCESSING"


async def test_a_preferred_wait_ends_when_its_time_is_up(ours: Tenant) -> None:
    ours.connection()
    began = time.monotonic()
    answer = await ours.http.post(
        UPLOAD, json={"job_id": ours.video().number}, headers={"Prefer": "respond-async, wait=1"}
    )
    assert 1 <= time.monotonic() - began < 10
    assert answer.headers["Preference-Applied"] == "wait=1"
    assert answer.json()["youtube_video_id"] is None


async def test_a_wait_is_a_minute_at_most(ours: Tenant, lifecycles: DirectedLifecycles) -> None:
    ours.connection()
    asked = asyncio.create_task(
        ours.http.post(
            UPLOAD, json={"job_id": ours.video().number}, headers={"Prefer": "wait=9999"}
        )
    )
    await lifecycles.assigned.wait()
    ours.settle(lifecycles.assignments[0].assignment_id, AssignmentState.FAILED)
    assert (await asked).headers["Preference-Applied"] == "wait=60"


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (AssignmentState.UPLOADED, "PROCESSING"),
        (AssignmentState.WAITING, "PROCESSING"),
        (AssignmentState.UNCONFIRMED, "PROCESSING"),
        (AssignmentState.PUBLISHED, "COMPLETED"),
        (AssignmentState.FAILED, "FAILED"),
        (AssignmentState.CANCELLED, "FAILED"),
    ],
)
async def test_a_status_is_one_of_three(ours: Tenant, state: AssignmentState, status: str) -> None:
    row = ours.assignment(origin="youtube")
    ours.settle(row.id, state, error="It was rejected.")
    upload = (await ours.http.get(f"/api/youtube/uploads/{row.number}/status/")).json()
    assert (upload["status"], upload["error_message"]) == (status, "It was rejected.")
    assert (await ours.http.get("/api/youtube/uploads/")).json() == [upload]


async def test_the_list_shows_this_surfaces_uploads_only(ours: Tenant) -> None:
    ours.assignment(origin="v1")
    assert (await ours.http.get("/api/youtube/uploads/")).json() == []


async def test_the_last_slash_may_be_left_out(ours: Tenant) -> None:
    ours.connection()
    answer = await ours.http.post("/api/youtube/upload", json={"job_id": ours.video().number})
    assert answer.status_code == 200
    for path in ("channel", "uploads", "uploads/1/status"):
        assert (await ours.http.get(f"/api/youtube/{path}")).status_code == 200
    for path in ("/api/video-jobs", "/api/video-jobs/1"):
        assert (await ours.http.get(path)).status_code == 200


async def test_the_channel_has_its_public_face(ours: Tenant) -> None:
    ours.connection()
    assert (await ours.http.get("/api/youtube/channel/")).json() == {
        "channel_id": "UC1",
        "title": "A channel",
        "description": "Bread.",
        "subscriber_count": 12,
        "thumbnail_url": None,
    }
