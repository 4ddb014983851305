"""What a caller is told of the end of a connection."""

import pytest

from api.context import Context
from domain.errors import ReauthorizationNeeded
from domain.health import Health
from domain.states import AssignmentState, ConnectionHealth, KnownBy
from platforms.protocol import Credential
from store.queries.access import care, connections, credentials
from store.queries.publishing import assignments, progress
from store.tables import Assignment, now
from tests.support.api import DirectedFacebook, DirectedYouTube, Tenant
from tests.support.lifecycles import DirectedLifecycles

CONNECTIONS = "/api/v1/connections"


@pytest.fixture
def assignment(ours: Tenant) -> Assignment:
    return ours.assignment()


def path(assignment: Assignment) -> str:
    return f"{CONNECTIONS}/{assignment.connection_id}"


def said(grant: str, **counts: int) -> dict[str, object]:
    return {"grant": grant, "cancelled": 0, "beingCancelled": 0, "pastStopping": 0, **counts}


async def test_what_can_be_cancelled_is_cancelled(
    ours: Tenant, context: Context, assignment: Assignment, lifecycles: DirectedLifecycles
) -> None:
    there, ended = ours.assignment(), ours.assignment()
    with context.store.write() as session:
        progress.note_finished(session, there.id, platform_id="v", known_by=KnownBy.ANSWER)
    ours.settle(ended.id, AssignmentState.FAILED)
    answer = (await ours.http.delete(path(assignment))).json()
    assert lifecycles.cancelled == [assignment.id]
    # The stand-in says that it has ended, and its row does not: both are told as they are.
    assert answer == said("released", cancelled=1, beingCancelled=1, pastStopping=1)


async def test_what_temporal_cannot_be_told_now_is_about_to_end(
    ours: Tenant, assignment: Assignment, lifecycles: DirectedLifecycles
) -> None:
    lifecycles.is_away = True
    answer = await ours.http.delete(path(assignment))
    assert (answer.status_code, answer.json()) == (200, said("released", beingCancelled=1))


async def test_doing_it_again_goes_on_where_the_first_was_cut_off(
    ours: Tenant,
    context: Context,
    assignment: Assignment,
    youtube: DirectedYouTube,
    lifecycles: DirectedLifecycles,
) -> None:
    with context.store.write() as session:
        connections.disconnect(session, assignment.connection_id)
    answer = (await ours.http.delete(path(assignment))).json()
    assert (answer["grant"], answer["cancelled"]) == ("ended_before", 1)
    assert lifecycles.cancelled == [assignment.id]
    assert youtube.revoked == []


async def test_a_grant_is_left_to_the_others(ours: Tenant, facebook: DirectedFacebook) -> None:
    first, _ = (ours.connection(id, "facebook", grant_id="person") for id in ("1", "2"))
    answer = (await ours.http.delete(f"{CONNECTIONS}/{first.id}")).json()
    assert answer == said("left_to_others")
    assert facebook.revoked == []


async def test_a_dead_grant_is_done_with(ours: Tenant, youtube: DirectedYouTube) -> None:
    youtube.failure = ReauthorizationNeeded("grant_dead", "It is gone.")
    answer = (await ours.http.delete(f"{CONNECTIONS}/{ours.connection().id}")).json()
    assert answer == said("released")


async def test_a_grant_that_another_workspace_uses_is_not_revoked_before_its_last_connection(
    ours: Tenant, theirs: Tenant, youtube: DirectedYouTube
) -> None:
    first, last = ours.connection("UC1"), theirs.connection("UC1")
    answer = (await ours.http.delete(f"{CONNECTIONS}/{first.id}")).json()
    assert youtube.revoked == []
    alone = (await theirs.http.delete(f"{CONNECTIONS}/{last.id}")).json()
    assert youtube.revoked == ["token"]
    # Neither answer tells whether another workspace has the account.
    assert answer == alone == said("released")


@pytest.mark.parametrize("elsewhere", [True, False])
async def test_the_end_of_a_dead_connection_is_told_alike_wherever_else_it_is_connected(
    ours: Tenant, theirs: Tenant, context: Context, elsewhere: bool
) -> None:
    connection = ours.connection("UC1")
    with context.store.write() as session:
        connections.mark_health(session, connection.id, Health(ConnectionHealth.NEEDS_REAUTH))
    if elsewhere:
        theirs.connection("UC1")
    answer = (await ours.http.delete(f"{CONNECTIONS}/{connection.id}")).json()
    assert answer == said("ended_before")


async def test_a_consent_that_comes_meanwhile_is_not_lost(
    ours: Tenant,
    context: Context,
    assignment: Assignment,
    youtube: DirectedYouTube,
    lifecycles: DirectedLifecycles,
) -> None:
    def consent_that_ends_with_the_old_one() -> None:
        ours.connection()
        youtube.failure = ReauthorizationNeeded("grant_dead", "It went with the other one.")

    youtube.meanwhile = consent_that_ends_with_the_old_one
    answer = await ours.http.delete(path(assignment))
    assert (answer.status_code, answer.json()["code"]) == (409, "authorized_meanwhile")
    assert lifecycles.cancelled == []
    with context.store.read() as session:
        assert credentials.get_credential(session, context.vault, assignment.connection_id)
        row = assignments.get_assignment_by_id(session, assignment.id)
        connection = connections.get_connection_by_id(session, assignment.connection_id)
    assert row.state == "pending"
    # Nobody has to find out at the next publish what the revocation took with it.
    assert (connection.health, connection.health_reason) == ("needs_reauth", "grant_dead")


async def test_who_joined_a_grant_while_it_was_revoked_is_checked_at_once(
    ours: Tenant, theirs: Tenant, context: Context, youtube: DirectedYouTube
) -> None:
    connection = ours.connection()
    joined: list[str] = []
    youtube.meanwhile = lambda: joined.append(theirs.connection().id)
    assert (await ours.http.delete(f"{CONNECTIONS}/{connection.id}")).status_code == 200
    with context.store.read() as session:
        assert care.list_due(session, by=now(), limit=10) == joined


async def test_a_refresh_that_comes_meanwhile_changes_nothing(
    ours: Tenant, context: Context, youtube: DirectedYouTube
) -> None:
    connection = ours.connection()

    def refreshed() -> Credential:
        stored = context.credentials.current(connection.id)
        return context.credentials.renew(connection.id, stored.access_token)

    youtube.meanwhile = refreshed
    answer = await ours.http.delete(f"{CONNECTIONS}/{connection.id}")
    assert answer.json() == said("released")
    with context.store.read() as session, pytest.raises(ReauthorizationNeeded):
        credentials.get_credential(session, context.vault, connection.id)
