"""How a line is worked on, as far as no workflow is needed for it."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.testing import ActivityEnvironment

from activities.access.reauth_links import ReauthLinks
from activities.contract.deliveries import DeliveryInput, Line
from activities.telling.delivering import AT_A_TIME, SLACK, DeliveryActivities
from activities.telling.sending import Sender
from activities.telling.wording import Wording
from domain.events import EventType
from domain.states import DeliveryState
from store import outbox
from store.engine import Store
from store.keyring import Keyring, create_keyset
from store.queries import workspaces
from store.queries.telling import deliveries, endpoints
from store.tables import Delivery, Endpoint, Event, now
from store.vault import Vault
from tests.support.receiver import Receiver

SUBJECT = "asg_1"


@pytest.fixture
def store(tmp_path: Path, vault: Vault) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'castline.db'}", vault)
    store.migrate()
    yield store
    store.close()


@pytest.fixture
def vault() -> Vault:
    return Vault(Keyring.from_json(create_keyset()))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def endpoint(store: Store, vault: Vault, receiver: Receiver) -> Endpoint:
    with store.write() as session:
        workspace = workspaces.create_workspace(session, name="ours")
        return endpoints.create_endpoint(
            session, vault, workspace_id=workspace.id, url=receiver.url
        )


@pytest.fixture
def activities(store: Store, vault: Vault) -> DeliveryActivities:
    wording = Wording(ReauthLinks(vault, "https://castline.example.com"))
    return DeliveryActivities(store, vault, wording, Sender(allow_private=True, seconds=2))


def tell(store: Store, endpoint: Endpoint, count: int, subject: str = SUBJECT) -> None:
    with store.write() as session:
        for number in range(count):
            data = {"n": number}
            noted = outbox.Note(endpoint.workspace_id, EventType.ASSIGNMENT_PENDING, subject, data)
            outbox.note(session, noted)


async def deliver(
    activities: DeliveryActivities, endpoint: Endpoint, subject: str = SUBJECT
) -> Line:
    line: Line = await ActivityEnvironment().run(
        activities.deliver, DeliveryInput(endpoint.id, subject)
    )
    return line


def rows(store: Store, endpoint: Endpoint) -> list[Delivery]:
    with store.read() as session:
        return list(deliveries.find_deliveries(session, endpoint.workspace_id).items)


async def test_a_line_is_worked_on_to_its_end(
    activities: DeliveryActivities, store: Store, endpoint: Endpoint, receiver: Receiver
) -> None:
    tell(store, endpoint, 3)
    assert await deliver(activities, endpoint) == Line()
    assert [event["data"]["n"] for event in receiver.events] == [0, 1, 2]
    assert await deliver(activities, endpoint) == Line()
    assert len(receiver.webhooks) == 3


async def test_a_timer_that_is_early_by_the_clocks_of_two_machines_finds_it_due(
    activities: DeliveryActivities, store: Store, endpoint: Endpoint
) -> None:
    tell(store, endpoint, 1)
    with store.write() as session:
        for row in deliveries.find_deliveries(session, endpoint.workspace_id).items:
            row.due_at = now() + SLACK * 0.9
    assert await deliver(activities, endpoint) == Line()


async def test_a_failure_holds_up_what_stands_behind_it(
    activities: DeliveryActivities, store: Store, endpoint: Endpoint, receiver: Receiver
) -> None:
    receiver.answers.append(500)
    tell(store, endpoint, 2)

    stand = await deliver(activities, endpoint)

    assert stand.due_at is not None
    assert timedelta(seconds=2) < stand.due_at - now() < timedelta(seconds=7)
    assert await deliver(activities, endpoint) == stand
    assert [event["data"]["n"] for event in receiver.events] == [0]


async def test_an_endpoint_that_hangs_is_tried_a_few_at_a_time_and_then_one_by_one(
    activities: DeliveryActivities, store: Store, endpoint: Endpoint, receiver: Receiver
) -> None:
    subjects = [f"asg_{number}" for number in range(AT_A_TIME + 3)]
    for subject in subjects:
        tell(store, endpoint, 1, subject)

    async def tried() -> int:
        began = now()
        stands = await asyncio.gather(*(deliver(activities, endpoint, one) for one in subjects))
        assert all(stand.due_at is not None and stand.due_at > began for stand in stands)
        return sum(row.attempt_count for row in rows(store, endpoint))

    receiver.drips = True
    assert await tried() == AT_A_TIME
    assert await tried() == AT_A_TIME + 1  # whoever is sent away has used up no try


async def test_it_beats_before_and_after_every_try(
    activities: DeliveryActivities, store: Store, endpoint: Endpoint
) -> None:
    tell(store, endpoint, 2)
    beats: list[object] = []
    environment = ActivityEnvironment()
    environment.on_heartbeat = lambda *details: beats.append(details)
    await environment.run(activities.deliver, DeliveryInput(endpoint.id, SUBJECT))
    assert len(beats) == 5


async def test_nothing_is_sent_to_an_endpoint_that_was_disabled_meanwhile(
    activities: DeliveryActivities, store: Store, endpoint: Endpoint, receiver: Receiver
) -> None:
    tell(store, endpoint, 2)
    with store.write() as session:
        # As by a transaction that did not see these deliveries yet.
        endpoints.lock_endpoint(session, endpoint.id).is_enabled = False

    assert await deliver(activities, endpoint) == Line()

    assert receiver.webhooks == []
    assert {row.state for row in rows(store, endpoint)} == {DeliveryState.FAILED}


async def test_the_line_of_an_endpoint_that_is_gone_is_empty(
    activities: DeliveryActivities, store: Store, endpoint: Endpoint
) -> None:
    tell(store, endpoint, 1)
    with store.write() as session:
        endpoints.delete_endpoint(session, endpoint.workspace_id, endpoint.id)
    assert await deliver(activities, endpoint) == Line()


async def test_an_event_is_told_with_its_number_and_the_moment_it_happened(
    activities: DeliveryActivities, store: Store, endpoint: Endpoint, receiver: Receiver
) -> None:
    tell(store, endpoint, 1)
    await deliver(activities, endpoint)
    [told] = receiver.events
    with store.read() as session:
        event = session.get_one(Event, told["id"])
    assert told == {
        "id": event.id,
        "number": 1,
        "type": "assignment.pending",
        "timestamp": event.happened_at.isoformat().replace("+00:00", "Z"),
        "subjectId": SUBJECT,
        "data": {"n": 0},
    }
