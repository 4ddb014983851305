"""What a person has to know reaches the customer's own endpoint, once each, and leads back."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from runtime.caring import care_for_everything
from testkit.emulator import Emulator
from tests.support.receiver import Receiver
from tests.support.stack import Stack, Tenant, stack_apart

DAY = 86_400
NOTICES = (
    "connection.created",
    "connection.expiring",
    "connection.needs_reauth",
    "connection.scope_missing",
    "connection.recovered",
    "connection.disconnected",
)
"""Everything that is told of a connection but its refreshes."""


@pytest.fixture(scope="module")
async def installation(
    tmp_path_factory: pytest.TempPathFactory, emulator_process: Emulator
) -> AsyncIterator[Stack]:
    """One of its own, because a sweep looks at every connection there is."""
    folder = tmp_path_factory.mktemp("noticed")
    async with stack_apart(folder, emulator_process) as stack:
        yield stack


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


async def listen(tenant: Tenant, receiver: Receiver) -> None:
    body = {"url": receiver.url, "eventTypes": list(NOTICES)}
    await tenant.ask("POST", "/api/v1/webhooks/endpoints", body)


async def days_pass(stack: Stack, days: int) -> None:
    """Time goes by for the platforms, and connections are cared for, twice."""
    stack.emulator.advance(days * DAY)
    for _ in range(2):
        await care_for_everything(stack.client)


async def told(tenant: Tenant, receiver: Receiver) -> list[dict[str, Any]]:
    """What was told, once nothing is on its way any more."""

    def is_settled(page: dict[str, Any]) -> bool:
        return not page["total"]

    await tenant.eventually("/api/v1/webhooks/deliveries?state=pending", is_settled)
    events = receiver.events
    assert len({event["id"] for event in events}) == len(events)
    return events


async def test_the_end_of_a_grant_in_testing_is_told_once_before_and_once_after(
    stack: Stack, tenant: Tenant, receiver: Receiver
) -> None:
    stack.emulator.switch(testing_mode=True)
    await listen(tenant, receiver)
    connection_id = await tenant.connection()

    await days_pass(stack, 5)
    stack.emulator.fault("oauth.token.refresh", "status", status=503, times=None)
    await days_pass(stack, 1)
    stack.emulator.forget_faults()
    await days_pass(stack, 1)

    *_, expiring, dead = await told(tenant, receiver)
    assert receiver.types == ["connection.created", *NOTICES[1:3]]
    assert expiring["data"]["healthReason"] == "app_in_testing"
    assert dead["data"]["healthReason"] == "grant_dead"

    stack.emulator.switch(testing_mode=False)
    async with stack.browser() as browser:
        to_ticket = await browser.get(dead["data"]["reauthUrl"])
        await tenant.browse(to_ticket.headers["location"], browser=browser)
    await days_pass(stack, 60)
    (*_, recovered) = await told(tenant, receiver)
    assert len(receiver.types) == 4
    assert recovered["data"]["connectionId"] == connection_id
    assert "reauthUrl" not in recovered["data"]


async def test_sixty_days_and_half_a_year_are_told_only_where_they_end_something(
    stack: Stack, tenant: Tenant, receiver: Receiver
) -> None:
    await listen(tenant, receiver)
    channel, pages = await tenant.connection(), await tenant.pages()
    made = len(pages) + 1

    await days_pass(stack, 60)
    events = await told(tenant, receiver)
    assert [event["type"] for event in events] == ["connection.created"] * made

    await days_pass(stack, 184)
    news = (await told(tenant, receiver))[made:]
    assert {(event["subjectId"], event["type"]) for event in news} == {
        (channel, "connection.needs_reauth"),
        *((page, "connection.expiring") for page in pages.values()),
    }
    assert len(news) == made
