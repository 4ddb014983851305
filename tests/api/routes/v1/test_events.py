"""Events as those read them who would rather ask."""

from typing import Any

from api.context import Context
from domain.health import HEALTHY, Health
from domain.states import AssignmentState, ConnectionHealth
from store.queries.access import connections
from tests.support.api import Tenant

EVENTS = "/api/v1/events"
NEEDS_REAUTH = Health(ConnectionHealth.NEEDS_REAUTH, "invalid_grant")


async def read(tenant: Tenant, **params: Any) -> dict[str, Any]:
    answer = await tenant.http.get(EVENTS, params=params)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


def mark(context: Context, connection_id: str, health: Health) -> None:
    with context.store.write() as session:
        connections.mark_health(session, connection_id, health)


async def test_whoever_asks_on_with_next_misses_nothing(ours: Tenant) -> None:
    assignment = ours.assignment()
    for state in (AssignmentState.UPLOADING, AssignmentState.UPLOADED, AssignmentState.PUBLISHED):
        ours.settle(assignment.id, state)

    seen, after = [], 0
    while (page := await read(ours, after=after, limit=2))["items"]:
        seen += page["items"]
        after = page["next"]

    assert [event["number"] for event in seen] == list(range(1, len(seen) + 1))
    assert [event["type"] for event in seen] == [
        "connection.created",
        "assignment.pending",
        "assignment.uploading",
        "assignment.uploaded",
        "assignment.published",
    ]
    assert (await read(ours, after=after)) == {"items": [], "next": after}


async def test_the_events_of_one_subject_can_be_asked_for(ours: Tenant) -> None:
    assignment = ours.assignment()
    page = await read(ours, subjectId=assignment.id)
    [event] = page["items"]
    assert (event["subjectId"], event["data"]["assignmentId"]) == (assignment.id, assignment.id)
    assert (event["data"]["state"], page["next"]) == ("pending", event["number"])


async def test_an_event_that_asks_for_a_person_says_the_way_while_one_is_needed(
    ours: Tenant, context: Context
) -> None:
    connection = ours.connection()
    mark(context, connection.id, NEEDS_REAUTH)

    [created, needs] = (await read(ours))["items"]
    assert "reauthUrl" not in created["data"]
    way_in = needs["data"]["reauthUrl"].rpartition("/")[2]
    assert context.reauth_links.open(way_in).connection_id == connection.id

    mark(context, connection.id, HEALTHY)
    assert all("reauthUrl" not in event["data"] for event in (await read(ours))["items"])


async def test_what_was_told_is_told_the_same_way_later(ours: Tenant, context: Context) -> None:
    connection = ours.connection()
    before = (await read(ours))["items"]
    with context.store.write() as session:
        connections.update_connection(
            session, connection.workspace_id, connection.id, name="Another name"
        )
    assert (await read(ours))["items"] == before
