"""How a line of deliveries ends."""

from domain.ids import delivery_workflow_id
from store.queries.telling.deliveries import get_delivery
from store.tables import now
from tests.replay.noting import CONTINUING, Outcomes
from tests.support.receiver import Receiver
from tests.support.stack import Tenant

DELIVERIES = "/api/v1/webhooks/deliveries"

OUTCOMES = Outcomes()


@OUTCOMES.noted()
async def delivery_taken(tenant: Tenant) -> str:
    with Receiver() as receiver:
        return await _tell(tenant, receiver, attempts=1)


@OUTCOMES.noted()
async def delivery_refused_and_tried_again(tenant: Tenant) -> str:
    with Receiver(headers={"Retry-After": "7200"}) as receiver:
        receiver.answers.append(503)
        workflow_id = await _tell(tenant, receiver, attempts=1)
        [delivery] = (await tenant.ask("GET", DELIVERIES))["items"]
        await tenant.ask("POST", f"{DELIVERIES}/{delivery['id']}/redeliver")
        await _attempts(tenant, 2)
    return workflow_id


@OUTCOMES.noted()
async def delivery_given_up(tenant: Tenant) -> str:
    """Its days are over with the second try."""
    with Receiver(status=503) as receiver:
        workflow_id = await _tell(tenant, receiver, attempts=1)
        await _let_it_be_the_last(tenant)
        await _attempts(tenant, 2)
    return workflow_id


@OUTCOMES.noted()
async def delivery_to_nobody(tenant: Tenant) -> str:
    """410: the endpoint is disabled, and what stands in line is discarded."""
    with Receiver(status=410) as receiver:
        return await _tell(tenant, receiver, attempts=1)


@OUTCOMES.noted(on=CONTINUING, is_first_run=True)
async def delivery_continued(tenant: Tenant) -> str:
    return await delivery_refused_and_tried_again(tenant)


@OUTCOMES.noted(on=CONTINUING)
async def delivery_taken_in_another_run(tenant: Tenant) -> str:
    return await delivery_refused_and_tried_again(tenant)


# What they are made of -----------------------------------------------------------------------


async def _tell(tenant: Tenant, receiver: Receiver, *, attempts: int) -> str:
    """Let a receiver be told of a connection; the workflow, after so many attempts."""
    endpoint = await tenant.ask("POST", "/api/v1/webhooks/endpoints", {"url": receiver.url})
    connection_id = await tenant.connection()
    await _attempts(tenant, attempts)
    return delivery_workflow_id(endpoint["id"], connection_id)


async def _attempts(tenant: Tenant, count: int) -> None:
    await tenant.eventually(
        DELIVERIES, lambda page: [len(item["attempts"]) for item in page["items"]] == [count]
    )


async def _let_it_be_the_last(tenant: Tenant) -> None:
    [delivery] = (await tenant.ask("GET", DELIVERIES))["items"]
    with tenant.stack.parts.store.write() as session:
        row = get_delivery(session, tenant.workspace_id, delivery["id"])
        row.gives_up_at = now()
