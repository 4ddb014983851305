"""What happens is told: in order, signed, until it is taken, whatever crashed in between."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlmodel import Session
from standardwebhooks import Webhook

from domain.health import Health
from domain.ids import delivery_workflow_id
from domain.states import ConnectionHealth
from domain.wakes import DeliveryDue
from store import outbox
from store.engine import Store
from store.queries.access import connections
from store.queries.telling import deliveries, endpoints
from store.tables import Delivery, now
from tests.support import leaks
from tests.support.receiver import Receiver
from tests.support.stack import Stack, Tenant, eventually

ENDPOINTS = "/api/v1/webhooks/endpoints"
DELIVERIES = "/api/v1/webhooks/deliveries"
LONG_AGO = timedelta(days=4)
PUBLISHED = [
    "assignment.pending",
    "assignment.uploading",
    "assignment.uploaded",
    "assignment.published",
]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


async def endpoint(tenant: Tenant, receiver: Receiver, *types: str) -> str:
    body = {"url": receiver.url, "eventTypes": list(types)}
    made: dict[str, Any] = await tenant.ask("POST", ENDPOINTS, body)
    return str(made["id"])


async def secret_of(tenant: Tenant, endpoint_id: str) -> str:
    answer: dict[str, str] = await tenant.ask("GET", f"{ENDPOINTS}/{endpoint_id}/secret")
    return answer["secret"]


async def told(receiver: Receiver, *types: str, within: float = 20.0) -> list[dict[str, Any]]:
    """Wait until this has been told, in this order and nothing else."""

    async def look() -> list[str]:
        return receiver.types

    await eventually(look, lambda seen: len(seen) >= len(types), within=within)
    assert receiver.types == list(types)
    return receiver.events


async def delivery(tenant: Tenant, **expected: Any) -> dict[str, Any]:
    """The workspace's one delivery, once it is as expected."""

    def is_so(page: dict[str, Any]) -> bool:
        [one] = page["items"]
        return bool(expected.items() <= one.items())

    page = await tenant.eventually(DELIVERIES, is_so)
    one: dict[str, Any] = page["items"][0]
    return one


@contextmanager
def rows(tenant: Tenant) -> Iterator[tuple[Session, list[Delivery]]]:
    """The workspace's deliveries, to let time pass for them."""
    with tenant.stack.parts.store.write() as session:
        found = deliveries.find_deliveries(session, tenant.workspace_id)
        yield session, list(found.items)


def mark_broken(store: Store, connection_id: str) -> None:
    with store.write() as session:
        broken = Health(ConnectionHealth.NEEDS_REAUTH, "invalid_grant")
        connections.mark_health(session, connection_id, broken)


async def test_a_publish_is_told_in_order_and_the_public_library_verifies_it(
    tenant: Tenant, receiver: Receiver
) -> None:
    endpoint_id = await endpoint(tenant, receiver)
    connection_id = await tenant.connection()
    await told(receiver, "connection.created")
    receiver.webhooks.clear()

    assignment = await tenant.publish(connection_id)

    events = await told(receiver, *PUBLISHED)
    assert {event["subjectId"] for event in events} == {assignment["id"]}
    assert events[-1]["data"]["platformUrl"] == assignment["platformUrl"]
    signer = Webhook(await secret_of(tenant, endpoint_id))
    for webhook in receiver.webhooks:
        assert signer.verify(webhook.body, dict(webhook.headers)) == webhook.event
        assert webhook.headers["webhook-id"] == webhook.event["id"]
    polled = await tenant.ask("GET", f"/api/v1/events?after=1&subjectId={assignment['id']}")
    assert polled["items"] == events
    log = await tenant.eventually(
        f"{DELIVERIES}?state=delivered", lambda seen: seen["total"] == len(PUBLISHED) + 1
    )
    assert {len(item["attempts"]) for item in log["items"]} == {1}


async def test_a_receiver_that_was_down_is_told_the_rest_in_order(
    tenant: Tenant, receiver: Receiver
) -> None:
    await endpoint(tenant, receiver, "assignment.*")
    connection_id = await tenant.connection()
    receiver.answers.append(503)

    assignment = await tenant.publish(connection_id)

    first, again, *_ = await told(receiver, PUBLISHED[0], *PUBLISHED)
    assert first == again
    one, other, *_ = (webhook.headers for webhook in receiver.webhooks)
    assert one["webhook-id"] == other["webhook-id"]
    assert one["webhook-timestamp"] != other["webhook-timestamp"]
    log = await tenant.eventually(
        f"{DELIVERIES}?subjectId={assignment['id']}&state=delivered",
        lambda seen: seen["total"] == len(PUBLISHED),
    )
    answers = [tried["answer"] for tried in log["items"][-1]["attempts"]]
    assert answers == ["refused", "delivered"]


async def test_a_redelivery_does_not_wait_for_its_date(tenant: Tenant, receiver: Receiver) -> None:
    receiver.answers.append(503)
    receiver.headers["Retry-After"] = "7200"
    await endpoint(tenant, receiver)
    await tenant.connection()
    waiting = await delivery(tenant, attemptCount=1)
    assert waiting["dueAt"] > (now() + timedelta(minutes=110)).isoformat()

    await tenant.ask("POST", f"{DELIVERIES}/{waiting['id']}/redeliver", status=202)

    await told(receiver, "connection.created", "connection.created", within=5)
    settled = await delivery(tenant, state="delivered")
    assert [tried["status"] for tried in settled["attempts"]] == [503, 204]
    # What has been delivered can be delivered once more.
    await tenant.ask("POST", f"{DELIVERIES}/{waiting['id']}/redeliver", status=202)
    await told(receiver, *["connection.created"] * 3, within=5)


async def test_a_wake_that_was_lost_with_its_process_is_made_up_for(
    tenant: Tenant, stack: Stack, receiver: Receiver
) -> None:
    connection_id = await tenant.connection()
    await endpoint(tenant, receiver)
    # A process that ends right after its commit: nobody is woken.
    ended = Store(stack.parts.settings.database)
    mark_broken(ended, connection_id)
    ended.close()
    assert receiver.types == []
    with rows(tenant) as (_, [row]):
        row.due_at = now() - LONG_AGO

    await stack.sweep()

    await told(receiver, "connection.needs_reauth")


async def test_a_line_whose_workflow_was_terminated_goes_on(
    tenant: Tenant, stack: Stack, receiver: Receiver
) -> None:
    receiver.status, receiver.headers["Retry-After"] = 503, "7200"
    endpoint_id = await endpoint(tenant, receiver)
    connection_id = await tenant.connection()
    await delivery(tenant, attemptCount=1)
    line = stack.client.get_workflow_handle(delivery_workflow_id(endpoint_id, connection_id))
    await line.terminate(reason="A clumsy operator")
    receiver.status = 204
    with rows(tenant) as (_, [row]):
        row.due_at = now() - LONG_AGO

    await stack.sweep()

    await told(receiver, "connection.created", "connection.created")
    await delivery(tenant, state="delivered")


async def test_what_is_given_up_makes_way_and_a_lasting_failure_disables_the_endpoint(
    tenant: Tenant, stack: Stack, receiver: Receiver
) -> None:
    connection_id = await tenant.connection()
    with Receiver() as other:
        await endpoint(tenant, other, "endpoint.disabled")
        broken_id = await endpoint(tenant, receiver)
        receiver.status, receiver.headers["Retry-After"] = 500, "7200"
        mark_broken(stack.parts.store, connection_id)
        await delivery(tenant, attemptCount=1)
        with rows(tenant) as (session, [row]):
            row.gives_up_at = row.due_at = now()
            endpoints.lock_endpoint(session, broken_id).failing_since = now() - LONG_AGO
            outbox.wake(session, DeliveryDue(row.workspace_id, row.endpoint_id, row.subject_id))

        [event] = await told(other, "endpoint.disabled")
        assert event["data"]["endpointId"] == broken_id
    given_up = await tenant.ask("GET", f"{DELIVERIES}?endpointId={broken_id}")
    assert [(item["state"], item["attemptCount"]) for item in given_up["items"]] == [("failed", 2)]
    seen = await tenant.ask("GET", f"{ENDPOINTS}/{broken_id}")
    assert (seen["isEnabled"], seen["disabledReason"]) == (False, "refused")
    mended = await tenant.ask("PATCH", f"{ENDPOINTS}/{broken_id}", {"isEnabled": True})
    assert (mended["disabledReason"], mended["failingSince"]) == (None, None)


async def test_a_callback_is_told_of_its_assignment_with_the_callbacks_secret(
    tenant: Tenant, receiver: Receiver
) -> None:
    connection_id = await tenant.connection()
    callbacks = await tenant.ask("POST", ENDPOINTS, {})

    assignment = await tenant.publish(connection_id, callbackUrl=receiver.url)

    events = await told(receiver, *PUBLISHED)
    assert {event["subjectId"] for event in events} == {assignment["id"]}
    signer = Webhook(await secret_of(tenant, callbacks["id"]))
    for webhook in receiver.webhooks:
        signer.verify(webhook.body, dict(webhook.headers))


async def test_a_rotated_secret_signs_beside_the_new_one(
    tenant: Tenant, receiver: Receiver
) -> None:
    endpoint_id = await endpoint(tenant, receiver)
    old = await secret_of(tenant, endpoint_id)
    rotated = await tenant.ask("POST", f"{ENDPOINTS}/{endpoint_id}/rotate-secret", {})

    await tenant.connection()

    await told(receiver, "connection.created")
    [webhook] = receiver.webhooks
    for secret in (old, rotated["secret"]):
        Webhook(secret).verify(webhook.body, dict(webhook.headers))


async def test_neither_secret_nor_address_nor_way_in_is_seen_on_the_way(
    tenant: Tenant, stack: Stack, receiver: Receiver
) -> None:
    with leaks.listening() as logs:
        connection_id = await tenant.connection()
        endpoint_id = await endpoint(tenant, receiver)
        receiver.answers.append(503)
        mark_broken(stack.parts.store, connection_id)
        _, event = await told(receiver, *["connection.needs_reauth"] * 2)
    secrets = {
        "the endpoint's secret": await secret_of(tenant, endpoint_id),
        "the endpoint's address": urlsplit(receiver.url).query,
        "the way in": urlsplit(event["data"]["reauthUrl"]).path.rpartition("/")[2],
    }

    hay = await leaks.workflows(stack.client, stack.parts.keyring)
    assert any(name.startswith("history of delivery/") for name in hay)
    assert leaks.found(secrets, {**hay, "the log": logs.data}) == set()
    assert leaks.found(secrets, leaks.files(stack.parts.settings.data_dir)) == set()
