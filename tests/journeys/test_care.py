"""Connections that are cared for: the platforms' clock moves, and each ends as it should.

The stack is this module's own, because a sweep looks at every connection there is.
"""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from activities.contract.care import Cared, CareInput
from domain.events import EventType
from domain.queues import WORKFLOW_QUEUE
from runtime.caring import care_for_everything
from store.queries.access.connections import get_connection_by_id, lock_connection
from store.tables import Event
from testkit.emulator import ANA, Emulator
from testkit.meta import BAKERY, BEN, CATERING
from tests.support.stack import Stack, Tenant, eventually, stack_apart
from workflows.care import CareWorkflow

HOUR, DAY = 3_600, 86_400
REFRESH = "oauth.token.refresh"
BLIPS: list[tuple[str, dict[str, Any]]] = [
    ("status", {"status": 503}),
    ("status", {"status": 502, "html": True}),
    ("status", {"status": 200, "html": True}),
    ("cut", {}),
]
"""An outage, a page of HTML, a success that is none, and a line that breaks."""


@pytest.fixture(scope="module")
async def installation(
    tmp_path_factory: pytest.TempPathFactory, emulator_process: Emulator
) -> AsyncIterator[Stack]:
    folder = tmp_path_factory.mktemp("cared")
    async with stack_apart(folder, emulator_process) as stack:
        yield stack


async def sweep(stack: Stack) -> Cared:
    return await care_for_everything(stack.client)


def health(stack: Stack, connection_id: str) -> tuple[str, str | None]:
    with stack.parts.store.read() as session:
        row = get_connection_by_id(session, connection_id)
    return row.health, row.health_reason


def told(stack: Stack, connection_id: str) -> dict[str, int]:
    """What was told of a connection beside its beginning and its refreshes, how often."""
    with stack.parts.store.read() as session:
        types = session.exec(select(Event.type).where(Event.subject_id == connection_id)).all()
    dull = (EventType.CONNECTION_CREATED, EventType.CONNECTION_REFRESHED)
    return dict(Counter(type for type in types if type not in dull))


async def test_cared_for_everything_lives_on_and_a_data_access_that_ends_is_told_once(
    stack: Stack, tenant: Tenant
) -> None:
    channel, pages = await tenant.connection(), await tenant.pages()

    stack.emulator.advance(60 * DAY)
    found = await sweep(stack)

    assert (found.broken, found.postponed) == (0, 0)
    for connection_id in (channel, *pages.values()):
        assert health(stack, connection_id) == ("healthy", None)
    for _ in range(2):
        stack.emulator.advance(65 * DAY)
        await sweep(stack)
    assert health(stack, channel) == ("healthy", None)
    assert told(stack, channel) == {}
    assert pages.keys() == {BAKERY, CATERING}
    for page in pages.values():
        assert health(stack, page) == ("expiring", "data_access_ended")
        assert told(stack, page) == {"connection.expiring": 1}


async def test_half_a_year_without_care_is_the_end_of_a_google_grant(
    stack: Stack, tenant: Tenant
) -> None:
    channel = await tenant.connection()
    stack.emulator.advance(184 * DAY)
    await sweep(stack)
    await sweep(stack)
    assert health(stack, channel) == ("needs_reauth", "grant_dead")
    assert told(stack, channel) == {"connection.needs_reauth": 1}


async def test_a_grant_of_an_app_in_testing_is_announced_and_then_ends(
    stack: Stack, tenant: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    stack.emulator.switch(testing_mode=True)
    channel = await tenant.connection()
    for day, (state, news) in enumerate(
        [
            (("healthy", None), {}),
            (("expiring", "app_in_testing"), {"connection.expiring": 1}),
            (("expiring", "app_in_testing"), {"connection.expiring": 1}),
        ],
        start=1,
    ):
        stack.emulator.advance(2 * DAY)
        found = await sweep(stack)
        assert (day, health(stack, channel), told(stack, channel)) == (day, state, news)
        assert found.in_testing == 1
        warned = [line for line in caplog.messages if "consent screen is in Testing" in line]
        assert len(warned) == day
    stack.emulator.advance(2 * DAY)
    await sweep(stack)
    assert health(stack, channel) == ("needs_reauth", "grant_dead")
    assert told(stack, channel) == {"connection.expiring": 1, "connection.needs_reauth": 1}


async def test_what_ends_at_the_platform_is_noticed_on_the_page_that_it_ends_for(
    stack: Stack, tenant: Tenant
) -> None:
    pages = await tenant.pages()
    (garage,) = (await tenant.pages(BEN)).values()
    stack.emulator.account(ANA, platform="facebook", roles={BAKERY: []})
    stack.emulator.account(BEN, platform="facebook", remove_app=True)

    await sweep(stack)

    assert health(stack, pages[BAKERY]) == ("needs_reauth", "role_lost")
    assert health(stack, garage) == ("needs_reauth", "app_removed")
    assert health(stack, pages[CATERING]) == ("healthy", None)
    for connection_id in (pages[BAKERY], garage):
        assert told(stack, connection_id) == {"connection.needs_reauth": 1}


async def test_a_sweep_that_goes_on_in_another_run_keeps_its_count_and_its_end(
    stack: Stack, tenant: Tenant
) -> None:
    """As after a history that has grown long: what became due since is the next sweep's."""
    channel = await tenant.connection()
    before = datetime.now(UTC) - timedelta(hours=1)
    with stack.parts.store.write() as session:
        lock_connection(session, channel).check_due_at = before + timedelta(minutes=1)
    swept: Cared = await stack.client.execute_workflow(
        CareWorkflow.run,
        CareInput(due_by=before, found=Cared(checked=5000, broken=3)),
        id=f"care/{channel}",
        task_queue=WORKFLOW_QUEUE,
    )
    assert swept == Cared(checked=5000, broken=3)


async def test_a_connection_that_the_platform_refreshes_again_has_recovered(
    stack: Stack, tenant: Tenant
) -> None:
    channel = await tenant.connection()
    stack.emulator.fault(REFRESH, "unauthorized", owner=ANA)
    await sweep(stack)
    assert health(stack, channel) == ("needs_reauth", "grant_dead")

    await tenant.ask("POST", f"/api/v1/connections/{channel}/refresh-token")

    assert health(stack, channel) == ("healthy", None)
    assert told(stack, channel) == {"connection.needs_reauth": 1, "connection.recovered": 1}
    assert (await sweep(stack)).broken == 0


async def test_a_blip_changes_no_health_and_is_told_to_nobody(stack: Stack, tenant: Tenant) -> None:
    channel, (page, *_) = await tenant.connection(), (await tenant.pages()).values()
    await sweep(stack)  # what other tests have left is broken, and out of the way
    for kind, options in BLIPS:
        for operation in (REFRESH, "debug_token"):
            stack.emulator.fault(operation, kind, times=None, **options)
        found = await sweep(stack)
        assert (found.broken, found.postponed) == (0, found.seen)
        stack.emulator.forget_faults()
    # The token has run out there, so that a publish needs the token endpoint.
    stack.emulator.advance(HOUR)
    stack.emulator.fault(REFRESH, "status", status=503, times=None)
    assignment = await tenant.assign(channel)

    async def calls() -> int:
        return stack.emulator.calls(REFRESH)

    before = await calls()
    await eventually(calls, lambda seen: seen > before)
    stack.emulator.forget_faults()

    published = await tenant.until(assignment["id"], "published", "failed")
    assert published["state"] == "published"
    assert (await sweep(stack)).postponed == 0
    for connection_id in (channel, page):
        assert health(stack, connection_id) == ("healthy", None)
        assert told(stack, connection_id) == {}
