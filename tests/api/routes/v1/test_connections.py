"""Connections and organizations."""

from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from api.context import Context
from domain.errors import PlatformUnavailable, ReauthorizationNeeded
from domain.health import Clocks, Health
from domain.states import ConnectionHealth, TokenLife
from store.queries.access import connections, credentials
from tests.support.api import DirectedFacebook, DirectedYouTube, Tenant

CONNECTIONS = "/api/v1/connections"


async def test_connections_are_listed_in_pages(ours: Tenant) -> None:
    ids = [ours.connection(f"UC{number}").id for number in range(3)]
    page = (await ours.http.get(CONNECTIONS, params={"page": 2, "limit": 2})).json()
    assert [item["id"] for item in page["items"]] == ids[2:]
    assert (page["total"], page["page"], page["limit"]) == (3, 2, 2)


async def test_connections_are_found_by_their_label(ours: Tenant) -> None:
    wanted, _ = ours.connection("UC1"), ours.connection("UC2")
    await ours.http.patch(f"{CONNECTIONS}/{wanted.id}", json={"externalId": "customer-1"})
    found = (await ours.http.get(CONNECTIONS, params={"externalId": "customer-1"})).json()
    assert [item["id"] for item in found["items"]] == [wanted.id]


async def test_a_patch_changes_what_it_names_and_nothing_else(ours: Tenant) -> None:
    path = f"{CONNECTIONS}/{ours.connection().id}"
    await ours.http.patch(path, json={"externalId": "customer-1"})
    changed = (await ours.http.patch(path, json={"name": "Main", "isActive": False})).json()
    assert (changed["name"], changed["isActive"]) == ("Main", False)
    assert changed["externalId"] == "customer-1"
    assert (await ours.http.patch(path, json={"externalId": None})).json()["externalId"] is None


@pytest.mark.parametrize(
    "changes",
    [{}, {"name": None}, {"name": " "}, {"isActive": None}, {"isActive": "no?"}, {"health": "x"}],
)
async def test_a_patch_that_says_nothing_sensible_is_400(
    ours: Tenant, changes: dict[str, Any]
) -> None:
    answer = await ours.http.patch(f"{CONNECTIONS}/{ours.connection().id}", json=changes)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


async def test_the_channel_is_read_from_the_platform(ours: Tenant) -> None:
    channel = (await ours.http.get(f"{CONNECTIONS}/{ours.connection().id}/channel")).json()
    assert channel == {
        "id": "UC1",
        "title": "A channel",
        "description": "Bread.",
        "followerCount": 12,
        "thumbnailUrl": None,
    }


async def test_a_dead_credential_asks_for_a_person_and_gives_the_way(
    ours: Tenant, youtube: DirectedYouTube, browser: httpx2.AsyncClient
) -> None:
    connection = ours.connection()
    youtube.failure = ReauthorizationNeeded("grant_revoked", "The grant is gone.")
    answer = await ours.http.post(f"{CONNECTIONS}/{connection.id}/refresh-token")
    assert answer.status_code == 409
    assert answer.json()["remedy"] == "reconnect"
    (way_in,) = answer.json()["details"]["reauthUrl"]
    assert (await browser.get(way_in)).status_code == 302
    after = (await ours.http.get(f"{CONNECTIONS}/{connection.id}")).json()
    assert (after["health"], after["healthReason"]) == ("needs_reauth", "grant_revoked")
    assert after["healthSince"] > after["connectedAt"]
    assert (await browser.get(after["reauthUrl"])).status_code == 302


async def test_a_lost_channel_asks_for_a_person_and_gives_the_way(
    ours: Tenant, youtube: DirectedYouTube, browser: httpx2.AsyncClient
) -> None:
    connection = ours.connection()
    youtube.answer = ReauthorizationNeeded("no_channel", "There is none.")
    for _ in range(2):
        answer = await ours.http.get(f"{CONNECTIONS}/{connection.id}/channel")
        assert (answer.status_code, answer.json()["code"]) == (409, "no_channel")
        (way_in,) = answer.json()["details"]["reauthUrl"]
        assert (await browser.get(way_in)).status_code == 302
    after = (await ours.http.get(f"{CONNECTIONS}/{connection.id}")).json()
    assert (after["health"], after["healthReason"]) == ("needs_reauth", "no_channel")


@pytest.mark.parametrize(
    ("health", "is_asked_for"),
    [
        (Health(ConnectionHealth.HEALTHY), False),
        (Health(ConnectionHealth.EXPIRING, "token_ending", datetime.now(UTC)), True),
        (Health(ConnectionHealth.INSUFFICIENT_SCOPE, "scope_missing"), True),
    ],
)
async def test_the_way_in_is_given_where_a_person_is_needed_or_will_be(
    ours: Tenant, context: Context, health: Health, is_asked_for: bool
) -> None:
    connection = ours.connection()
    with context.store.write() as session:
        connections.mark_health(session, connection.id, health)
    seen = (await ours.http.get(f"{CONNECTIONS}/{connection.id}")).json()
    assert (seen["reauthUrl"] is not None) == is_asked_for
    assert (seen["healthUntil"] is not None) == (health.until is not None)
    (listed,) = (await ours.http.get(CONNECTIONS)).json()["items"]
    assert (listed["reauthUrl"] is not None) == is_asked_for


async def test_a_token_is_refreshed_and_stored(ours: Tenant, context: Context) -> None:
    connection = ours.connection()
    answer = await ours.http.post(f"{CONNECTIONS}/{connection.id}/refresh-token")
    assert answer.status_code == 200
    assert context.credentials.current(connection.id).access_token.reveal() == "refreshed"
    assert "refreshed" not in answer.text


async def test_connections_are_found_by_their_health(ours: Tenant, context: Context) -> None:
    dead, gone, _ = (ours.connection(id) for id in ("1", "2", "3"))
    with context.store.write() as session:
        connections.mark_health(session, dead.id, Health(ConnectionHealth.NEEDS_REAUTH))
        connections.disconnect(session, gone.id)
    for health, expected in (("needs_reauth", dead), ("disconnected", gone)):
        found = (await ours.http.get(CONNECTIONS, params={"health": health})).json()
        assert [item["id"] for item in found["items"]] == [expected.id]


async def test_a_deleted_connection_is_revoked_and_stays_in_the_books(
    ours: Tenant, youtube: DirectedYouTube
) -> None:
    path = f"{CONNECTIONS}/{ours.connection().id}"
    assert (await ours.http.delete(path)).status_code == 200
    assert (await ours.http.delete(path)).status_code == 200
    assert youtube.revoked == ["token"]
    after = (await ours.http.get(path)).json()
    assert (after["isActive"], after["health"]) == (False, "disconnected")
    assert (await ours.http.get(CONNECTIONS)).json()["total"] == 0
    everything = await ours.http.get(CONNECTIONS, params={"includeInactive": True})
    assert everything.json()["total"] == 1


async def test_a_connection_that_cannot_be_revoked_now_keeps_its_credential(
    ours: Tenant, youtube: DirectedYouTube, context: Context
) -> None:
    connection = ours.connection()
    youtube.failure = PlatformUnavailable("platform_unavailable", "It is away.")
    assert (await ours.http.delete(f"{CONNECTIONS}/{connection.id}")).status_code == 503
    with context.store.read() as session:
        assert credentials.get_credential(session, context.vault, connection.id)


async def test_a_disconnected_connection_cannot_be_switched_on(ours: Tenant) -> None:
    path = f"{CONNECTIONS}/{ours.connection().id}"
    await ours.http.delete(path)
    for answer in (
        await ours.http.patch(path, json={"isActive": True}),
        await ours.http.post(f"{path}/refresh-token"),
        await ours.http.get(f"{path}/channel"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "disconnected")


async def test_a_grant_is_revoked_with_the_last_connection_that_lives_by_it(
    ours: Tenant, theirs: Tenant, facebook: DirectedFacebook, context: Context
) -> None:
    first, second = (ours.connection(id, "facebook", grant_id="person") for id in ("1", "2"))
    last = theirs.connection("1", "facebook", grant_id="person")
    for owner, connection in ((ours, first), (ours, second)):
        assert (await owner.http.delete(f"{CONNECTIONS}/{connection.id}")).status_code == 200
        after = (await owner.http.get(f"{CONNECTIONS}/{connection.id}")).json()
        assert after["health"] == "disconnected"
        with context.store.read() as session, pytest.raises(ReauthorizationNeeded):
            credentials.get_credential(session, context.vault, connection.id)
    assert facebook.revoked == []
    assert (await theirs.http.delete(f"{CONNECTIONS}/{last.id}")).status_code == 200
    assert facebook.revoked == ["token"]


async def test_a_connection_shows_its_clocks_until_it_is_gone(
    ours: Tenant, context: Context
) -> None:
    path, ends = f"{CONNECTIONS}/{(connection := ours.connection()).id}", datetime.now(UTC)
    with context.store.write() as session:
        connections.note_refreshed(
            session,
            connection.id,
            clocks=Clocks(TokenLife.LIMITED, data_access_ends_at=ends),
            scopes=connection.scopes,
        )
    seen = (await ours.http.get(path)).json()
    assert seen["tokenLife"] == "limited"
    assert datetime.fromisoformat(seen["dataAccessEndsAt"]) == ends
    await ours.http.delete(path)
    assert (await ours.http.get(path)).json()["dataAccessEndsAt"] is None


async def test_organizations_are_made_and_listed(ours: Tenant) -> None:
    made = await ours.http.post(
        "/api/v1/organizations", json={"name": " Bakery ", "externalId": "7"}
    )
    assert made.status_code == 201
    assert made.json()["name"] == "Bakery"
    assert (await ours.http.get("/api/v1/organizations")).json()["items"] == [made.json()]


async def test_platforms_say_what_they_take(ours: Tenant) -> None:
    platforms = (await ours.http.get("/api/v1/platforms")).json()
    assert platforms == {
        "items": [
            {"name": "youtube", "types": ["video"]},
            {"name": "facebook", "types": ["video", "reel"]},
        ]
    }
    limits = (await ours.http.get("/api/v1/platforms/youtube/capabilities")).json()
    assert "title" in limits["payloadSchema"]["properties"]
    unknown = await ours.http.get("/api/v1/platforms/myspace/capabilities")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "platform_not_found")
