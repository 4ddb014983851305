"""What Castline needs of a namespace, on a real Temporal dev server."""

from datetime import timedelta
from uuid import uuid4

import pytest
from google.protobuf.duration_pb2 import Duration
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    RegisterNamespaceRequest,
    UpdateNamespaceRequest,
)
from temporalio.client import Client, ScheduleOverlapPolicy
from temporalio.service import RPCError

from domain.errors import Conflict, Unavailable
from domain.ids import CARE
from runtime.settings import Settings
from runtime.temporal import (
    CARE_EVERY,
    RETENTION,
    connect,
    ensure_ready,
    ensure_retention,
    ensure_schedules,
    find_missing_search_attributes,
    find_owner,
)
from store.keyring import Keyring, create_keyset
from tests.support.stack import eventually


@pytest.fixture(scope="module")
def keyring() -> Keyring:
    return Keyring.from_json(create_keyset())


@pytest.fixture(scope="module")
async def client(temporal: str, keyring: Keyring) -> Client:
    """A client in a namespace that nobody has prepared yet."""
    namespace = f"fresh-{uuid4().hex[:8]}"
    client = await connect(
        Settings(temporal_address=temporal, temporal_namespace=namespace), keyring
    )
    day = Duration()
    day.FromTimedelta(timedelta(days=1))
    await client.workflow_service.register_namespace(
        RegisterNamespaceRequest(namespace=namespace, workflow_execution_retention_period=day)
    )

    async def is_known() -> bool:
        try:
            await find_missing_search_attributes(client)
        except RPCError:
            return False
        return True

    await eventually(is_known)
    return client


async def retention(client: Client) -> timedelta:
    described = await client.workflow_service.describe_namespace(
        DescribeNamespaceRequest(namespace=client.namespace)
    )
    return described.config.workflow_execution_retention_ttl.ToTimedelta()


async def test_a_fresh_namespace_is_prepared_once_and_again(client: Client) -> None:
    assert len(await find_missing_search_attributes(client)) == 5
    assert await retention(client) < RETENTION
    await ensure_ready(client, "ins_1")
    await ensure_ready(client, "ins_1")
    assert await find_missing_search_attributes(client) == []
    assert await retention(client) == RETENTION
    schedule = (await client.get_schedule_handle(CARE).describe()).schedule
    assert schedule.policy.overlap is ScheduleOverlapPolicy.SKIP
    assert schedule.spec.intervals[0].every == CARE_EVERY


async def test_an_idle_installation_executes_less_than_a_hundred_workflows_a_day(
    client: Client,
) -> None:
    """Its sweeps start nothing: `tests/runtime/reconcile/test_people.py` counts that."""
    await ensure_ready(client, "ins_1")
    a_day = 0.0
    async for listed in await client.list_schedules():
        spec = (await client.get_schedule_handle(listed.id).describe()).schedule.spec
        assert not (spec.calendars)
        assert not (spec.cron_expressions)
        a_day += sum(timedelta(days=1) / interval.every for interval in spec.intervals)
    assert 0 < a_day <= 100


async def test_a_longer_retention_is_left_alone(client: Client) -> None:
    quarter = Duration()
    quarter.FromTimedelta(timedelta(days=90))
    await client.workflow_service.update_namespace(
        UpdateNamespaceRequest(
            namespace=client.namespace,
            config=NamespaceConfig(workflow_execution_retention_ttl=quarter),
        )
    )
    await ensure_retention(client)
    assert await retention(client) == timedelta(days=90)


async def test_a_schedule_that_was_paused_stays_paused(client: Client) -> None:
    await ensure_schedules(client, "ins_1")
    handle = client.get_schedule_handle(CARE)
    await handle.pause(note="looking at something")
    await ensure_schedules(client, "ins_1")
    assert (await handle.describe()).schedule.state.paused


async def test_the_namespace_of_another_installation_is_left_alone(client: Client) -> None:
    await ensure_ready(client, "ins_1")
    with pytest.raises(Conflict, match=r"another installation of Castline \(ins_1\)") as refused:
        await ensure_ready(client, "ins_2")
    assert refused.value.code == "namespace_taken"
    await client.get_schedule_handle(CARE).delete()
    await ensure_ready(client, "ins_2")
    assert await find_owner(client) == "ins_2"


async def test_a_temporal_that_is_away_is_said_plainly(keyring: Keyring) -> None:
    away = Settings(temporal_address="127.0.0.1:1")
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:1"):
        await connect(away, keyring)
    assert await connect(away, keyring, lazy=True)
