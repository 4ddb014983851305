"""How a ticket ends."""

import asyncio
from functools import partial

from domain.ids import ticket_workflow_id
from testkit.emulator import ANA
from tests.replay.noting import NARROW, Outcomes
from tests.support.stack import Tenant, eventually

OUTCOMES = Outcomes()


@OUTCOMES.noted("open", "consenting", "connecting", "connected")
async def ticket_connected(tenant: Tenant) -> str:
    return await _ticket(tenant)


@OUTCOMES.noted("open", "consenting", "connecting", "connected")
async def ticket_for_pages(tenant: Tenant) -> str:
    """Connects two of four Pages; the others are left out."""
    return await _ticket(tenant, platform="facebook")


@OUTCOMES.noted("open", "consenting", "connecting", "confirming")
async def ticket_confirming(tenant: Tenant) -> str:
    """What follows, the confirmation or its end, is no workflow's."""
    return await _ticket(tenant, confirm=True)


@OUTCOMES.noted("open", "consenting", "refused")
async def ticket_refused(tenant: Tenant) -> str:
    return await _ticket(tenant, decision="deny")


@OUTCOMES.noted("open", "consenting", "connecting", "refused")
async def ticket_without_the_scope(tenant: Tenant) -> str:
    return await _ticket(tenant, account="partial@example.test")


@OUTCOMES.noted("open", "consenting", "connecting", "failed")
async def ticket_failed(tenant: Tenant) -> str:
    tenant.stack.emulator.fault("oauth.token.exchange", "unauthorized")
    return await _ticket(tenant)


@OUTCOMES.noted("open", "consenting", "connecting", "connected", on=NARROW)
async def ticket_connected_after_another_one(tenant: Tenant) -> str:
    """Its workspace's only exchange of a code is under way when it comes."""
    tenant.stack.emulator.fault("oauth.token.exchange", "slow", delay_seconds=2)
    first = asyncio.create_task(_ticket(tenant))
    await eventually(partial(_exchanges, tenant), bool)
    second = await _ticket(tenant, account="ben@example.test")
    await first
    return second


async def _exchanges(tenant: Tenant) -> int:
    return await asyncio.to_thread(tenant.stack.emulator.calls, "oauth.token.exchange")


@OUTCOMES.noted("open", "expired")
async def ticket_expired(tenant: Tenant) -> str:
    ticket_id, _ = await tenant.short_ticket(seconds=0.5)
    return ticket_workflow_id(ticket_id)


# What they are made of -----------------------------------------------------------------------


async def _ticket(
    tenant: Tenant,
    *,
    account: str = ANA,
    decision: str = "allow",
    platform: str = "youtube",
    confirm: bool = False,
) -> str:
    ticket = await tenant.ticket(platform=platform, confirm=confirm)
    await tenant.browse(ticket["authUrl"], account=account, decision=decision)
    return ticket_workflow_id(ticket["ticketId"])
