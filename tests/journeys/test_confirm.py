"""A ticket that the tenant's backend has to confirm, against real lifecycles."""

from datetime import timedelta
from typing import Any

from activities.access.confirming import CONFIRM_WITHIN
from store.queries.access import connections, tickets
from testkit.clips import make_clip
from tests.support.stack import Stack, Tenant


async def own_account(tenant: Tenant) -> str:
    """An account whose grant no other journey's workspace uses."""
    email = f"{tenant.workspace_id}@example.test"
    tenant.stack.emulator.account(email, channels=[{"title": "Own"}])
    return email


async def consented(tenant: Tenant, account: str) -> dict[str, Any]:
    """The ticket after its consent, and what the browser brought back."""
    ticket = await tenant.ticket(confirm=True)
    visit = await tenant.browse(ticket["authUrl"], account=account)
    assert (visit.result["status"], visit.result["ticketId"]) == ("success", ticket["ticketId"])
    seen: dict[str, Any] = await tenant.ask("GET", f"/api/v1/oauth/tickets/{ticket['ticketId']}")
    assert seen["state"] == "confirming"
    assert visit.result["connectionIds"] == ",".join(seen["connectionIds"])
    return seen


async def confirm(tenant: Tenant, ticket: dict[str, Any], *, status: int = 200) -> Any:
    path = f"/api/v1/oauth/tickets/{ticket['ticketId']}/confirm"
    return await tenant.ask("POST", path, status=status)


async def let_the_time_pass(tenant: Tenant, ticket: dict[str, Any]) -> None:
    """Move the confirmation's end into the past, and let Reconcile find it."""
    passed = CONFIRM_WITHIN + timedelta(seconds=1)
    with tenant.stack.parts.store.write() as session:
        row = tickets.lock_ticket(session, ticket["ticketId"])
        assert row.confirm_by is not None
        row.confirm_by -= passed
        for connection_id in row.connection_ids:
            connection = connections.lock_connection(session, connection_id)
            if connection.health_until is not None:
                connection.health_until -= passed
    await tenant.stack.sweep()


async def test_a_confirmed_ticket_can_be_published_with(tenant: Tenant, stack: Stack) -> None:
    ticket = await consented(tenant, await own_account(tenant))
    (connection_id,) = ticket["connectionIds"]
    calls = stack.emulator.journal()
    clip = make_clip(stack.media)
    wanted = {"connectionId": connection_id, "mediaUrl": clip.url, "payload": {"title": "x"}}
    await tenant.ask("POST", "/api/v1/assignments", wanted, status=409)
    assert (await confirm(tenant, ticket))["state"] == "connected"
    # Neither the wait nor the confirmation has used a token.
    assert stack.emulator.journal() == calls
    assert (await tenant.publish(connection_id))["state"] == "published"


async def test_what_nobody_confirms_is_removed_and_its_grant_ends(
    tenant: Tenant, stack: Stack
) -> None:
    ticket = await consented(tenant, await own_account(tenant))

    await let_the_time_pass(tenant, ticket)

    path = f"/api/v1/oauth/tickets/{ticket['ticketId']}"
    ended = await tenant.eventually(path, lambda seen: seen["state"] == "expired")
    assert (ended["errorCode"], ended["connectionIds"]) == ("confirmation_expired", [])
    assert stack.emulator.calls("oauth.revoke") == 1
    await tenant.ask("GET", f"/api/v1/connections/{ticket['connectionIds'][0]}", status=404)
    refused = await confirm(tenant, ticket, status=409)
    assert refused["code"] == "confirmation_expired"


async def test_an_existing_connection_publishes_on_whatever_becomes_of_a_confirmation(
    tenant: Tenant, stack: Stack
) -> None:
    account = await own_account(tenant)
    connection_id = await tenant.connection(account)
    ticket = await consented(tenant, account)
    assert ticket["connectionIds"] == [connection_id]

    await let_the_time_pass(tenant, ticket)

    path = f"/api/v1/oauth/tickets/{ticket['ticketId']}"
    await tenant.eventually(path, lambda seen: seen["state"] == "expired")
    assert stack.emulator.calls("oauth.revoke") == 0
    assert (await tenant.publish(connection_id))["state"] == "published"


async def test_pages_of_a_consent_are_confirmed_together(tenant: Tenant) -> None:
    ticket = await tenant.ticket(platform="facebook", confirm=True)
    visit = await tenant.browse(ticket["authUrl"])
    ids = visit.result["connectionIds"].split(",")
    assert len(ids) > 1
    confirmed = await confirm(tenant, ticket)
    assert confirmed["connectionIds"] == ids
    for connection_id in ids:
        seen = await tenant.ask("GET", f"/api/v1/connections/{connection_id}")
        assert (seen["isActive"], seen["health"]) == (True, "healthy")
