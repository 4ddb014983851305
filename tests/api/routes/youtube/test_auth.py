"""Connecting a channel by the `/api/youtube` surface: it ends on our own page."""

from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest

from activities.contract.tickets import TicketOutcome
from domain.states import TicketState
from tests.support.api import CALLER_PAGE, PUBLIC_URL, Tenant
from tests.support.lifecycles import DirectedLifecycles

CALLBACK = "/api/youtube/auth/callback/"


async def consent(ours: Tenant, browser: httpx2.AsyncClient) -> str:
    """Go as far as Google's page; return the state."""
    initiated = (await ours.http.post("/api/youtube/auth/initiate/")).json()
    answer = await browser.get(initiated["authorization_url"])
    page = dict(parse_qsl(urlsplit(answer.headers["Location"]).query))
    assert page["redirect_uri"] == PUBLIC_URL + CALLBACK
    return page["state"]


async def test_a_connected_channel_is_shown_on_a_page(
    ours: Tenant, browser: httpx2.AsyncClient
) -> None:
    state = await consent(ours, browser)
    answer = await browser.get(CALLBACK, params={"state": state, "code": "4/0A"})
    assert answer.status_code == 200
    assert "The channel is connected" in answer.text


async def test_a_callback_path_belongs_to_its_surface(
    ours: Tenant, browser: httpx2.AsyncClient, lifecycles: DirectedLifecycles
) -> None:
    other = "/api/v1/oauth/youtube/callback"
    callback = {"state": await consent(ours, browser), "code": "4/0A"}
    refused = await browser.get(other, params=callback)
    assert (refused.status_code, "invalid_ticket" in refused.text) == (400, True)
    assert lifecycles.redeemed == []
    # It changed nothing: at its own path the callback is taken.
    assert (await browser.get(CALLBACK, params=callback)).status_code == 200
    wanted = {"platform": "youtube", "redirectUrl": CALLER_PAGE}
    opened = (await ours.http.post("/api/v1/oauth/tickets", json=wanted)).json()
    begun = await browser.get(opened["authUrl"])
    page = dict(parse_qsl(urlsplit(begun.headers["Location"]).query))
    mirrored = await browser.get(CALLBACK, params={"state": page["state"], "code": "4/0A"})
    assert (mirrored.status_code, "invalid_ticket" in mirrored.text) == (400, True)


async def test_a_callback_of_another_issuer_is_refused_here_too(
    ours: Tenant, browser: httpx2.AsyncClient, lifecycles: DirectedLifecycles
) -> None:
    callback = {"state": await consent(ours, browser), "code": "4/0A"}
    refused = await browser.get(CALLBACK, params={**callback, "iss": "https://evil.example.com"})
    assert (refused.status_code, lifecycles.redeemed) == (400, [])
    assert "another authorization server" in refused.text
    good = await browser.get(CALLBACK, params={**callback, "iss": "https://accounts.google.com"})
    assert good.status_code == 200


async def test_a_client_that_asks_for_json_gets_json(
    ours: Tenant, browser: httpx2.AsyncClient
) -> None:
    browser.headers["Accept"] = "application/json"
    state = await consent(ours, browser)
    answer = await browser.get(CALLBACK, params={"state": state, "code": "4/0A"})
    assert answer.json() == {"status": "success", "connection_ids": ["con_made"]}
    tampered = await browser.get(CALLBACK, params={"state": "x", "code": "4/0A"})
    assert (tampered.status_code, tampered.json()["code"]) == (400, "invalid_ticket")
    assert tampered.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
async def test_an_account_without_a_channel_is_told_so(
    ours: Tenant, browser: httpx2.AsyncClient, lifecycles: DirectedLifecycles, accept: str
) -> None:
    lifecycles.outcome = TicketOutcome(TicketState.FAILED, [], "no_channel", "None.")
    browser.headers["Accept"] = accept
    state = await consent(ours, browser)
    answer = await browser.get(CALLBACK, params={"state": state, "code": "4/0A"})
    assert answer.status_code == 400
    assert "has no channel to publish to" in answer.text


async def test_a_callback_without_a_query_ends_on_a_page(browser: httpx2.AsyncClient) -> None:
    answer = await browser.get(CALLBACK)
    assert answer.status_code == 400
    assert "empty_callback" in answer.text
