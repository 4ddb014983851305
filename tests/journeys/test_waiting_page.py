"""A browser's consent while no worker runs: it waits on a page and ends where it should."""

import asyncio
from pathlib import Path

from domain.queues import ACTIVITY_QUEUES
from testkit.emulator import Emulator
from tests.support.stack import eventually, patiently, stack_apart


async def test_a_consent_begun_without_a_worker_ends_when_one_starts(
    tmp_path: Path, emulator: Emulator
) -> None:
    async with stack_apart(tmp_path, emulator, works=False) as stack, stack.browser() as browser:
        tenant = await stack.tenant("ours")
        ticket = await tenant.ticket()
        page = await browser.get(ticket["authUrl"])
        assert (page.status_code, "Refresh" in page.headers) == (200, True)
        assert "Please wait" in page.text
        async with stack.working():
            consent_page = await patiently(browser, ticket["authUrl"])
        back = await asyncio.to_thread(emulator.consent, consent_page.headers["Location"])
        page = await browser.get(back)
        assert (page.status_code, "Refresh" in page.headers) == (200, True)
        assert "You may close it" in page.text
        async with stack.working():
            ended = await patiently(browser, back)
        assert ended.headers["Location"].startswith("http://127.0.0.1:9/back?")
        assert "status=success" in ended.headers["Location"]
        seen = await tenant.ask("GET", f"/api/v1/oauth/tickets/{ticket['ticketId']}")
        assert seen["state"] == "connected"


async def test_a_browser_that_leaves_the_page_loses_nothing(
    tmp_path: Path, emulator: Emulator
) -> None:
    async with stack_apart(tmp_path, emulator, works=False) as stack, stack.browser() as browser:
        tenant = await stack.tenant("ours")
        ticket = await tenant.ticket()
        async with stack.working():
            consent_page = await patiently(browser, ticket["authUrl"])
        back = await asyncio.to_thread(emulator.consent, consent_page.headers["Location"])
        page = await browser.get(back)
        assert "You may close it" in page.text
        async with stack.working():
            await stack.sweep()
            connected = await tenant.eventually(
                f"/api/v1/oauth/tickets/{ticket['ticketId']}",
                lambda seen: seen["state"] == "connected",
            )
        assert len(connected["connectionIds"]) == 1


async def test_readiness_names_the_queues_that_no_worker_polls(
    tmp_path: Path, emulator: Emulator
) -> None:
    async with stack_apart(tmp_path, emulator, works=False) as stack:
        answer = await stack.http.get("/readyz")
        workers = answer.json()["parts"]["workers"]
        assert (answer.status_code, workers["state"]) == (200, "warning")
        for queue in ACTIVITY_QUEUES:
            assert queue in workers["fact"]
        async with stack.working():
            await eventually(
                lambda: stack.http.get("/readyz"),
                lambda seen: seen.json()["parts"]["workers"]["state"] == "ok",
            )
