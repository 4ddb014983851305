"""The Temporal client, and what Castline needs of a namespace before it can work.

`connect` gives a client that seals every payload. The `ensure_` functions may run from any
number of processes at any time: each looks first and changes only what differs. Temporal's
own settings (`TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, `TEMPORAL_API_KEY`, `TEMPORAL_TLS_…`)
win over Castline's where they are set, so that a managed Temporal needs nothing of ours.
"""

import asyncio
import os
import socket
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    UpdateNamespaceRequest,
)
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.envconfig import ClientConfig, ClientConnectConfig
from temporalio.service import RPCError, RPCStatusCode

from activities.contract.care import CareInput
from domain.errors import CastlineError, Conflict, Unavailable
from domain.ids import CARE
from domain.queues import WORKFLOW_QUEUE
from runtime.codec import Sealer, make_data_converter
from runtime.settings import Settings
from store.files import explain
from workflows.options import INSTALLATION, SEARCH_ATTRIBUTES

RETENTION = timedelta(days=30)
"""How long ids and update ids of closed workflows go on refusing a second run."""

CARE_EVERY = timedelta(minutes=20)
"""72 executions a day, which are all that Temporal's Web UI shows of an idle installation."""

_REGISTRATION_SECONDS = 30

_FILES = (
    "TEMPORAL_TLS_CLIENT_CERT_PATH",
    "TEMPORAL_TLS_CLIENT_KEY_PATH",
    "TEMPORAL_TLS_SERVER_CA_CERT_PATH",
)


async def connect(settings: Settings, keyring: Sealer, *, lazy: bool = False) -> Client:
    """Return a client. With `lazy` it connects at its first call, so that HTTP may start first.

    Raises `Unavailable` (code `temporal_unreachable`) when Temporal does not answer, which is never
    with `lazy`, and `CastlineError` (code `settings_refused`).
    """
    options = client_options(settings)
    try:
        return await Client.connect(
            **options, data_converter=make_data_converter(keyring), lazy=lazy
        )
    except ValueError:
        raise _refused(f"{options['target_host']} is not host:port") from None
    except RuntimeError as error:
        if "ParseError" in str(error):
            raise _refused("a TLS file does not hold a certificate or key in PEM") from None
        raise Unavailable(
            "temporal_unreachable",
            f"Temporal does not answer at {options['target_host']}. Start it (`castline up` brings "
            "one), or set CASTLINE_TEMPORAL_ADDRESS, and TEMPORAL_TLS where it wants TLS.",
        ) from None


def client_options(settings: Settings) -> ClientConnectConfig:
    """Where Temporal is and how we show who we are, of Temporal's own settings and ours.

    Raises `CastlineError` (code `settings_refused`) where Temporal's own cannot be used.
    """
    for name in _FILES:
        if path := os.environ.get(name):
            try:
                Path(path).open("rb").close()
            except OSError as error:
                raise _refused(
                    f"{name} names a file that cannot be read. {explain(error)}"
                ) from None
    try:
        # The file with Temporal's profiles belongs to its own command line, not to a service.
        options = ClientConfig.load_client_connect_config(disable_file=True)
    except (OSError, RuntimeError, ValueError):
        raise _refused("a variable that begins with TEMPORAL_ has no valid value") from None
    options.setdefault("target_host", settings.temporal_address)
    options.setdefault("namespace", settings.temporal_namespace)
    return options


def _refused(fault: str) -> CastlineError:
    return CastlineError(
        "settings_refused",
        f"Temporal's client settings are refused: {fault.rstrip('.')}. Check TEMPORAL_ADDRESS, "
        "TEMPORAL_TLS_… and CASTLINE_TEMPORAL_ADDRESS.",
    )


def worker_identity(pid: int) -> str:
    """How a worker process of this host is called in Temporal: who has which task."""
    return f"castline-worker {pid}@{socket.gethostname()}"


async def ensure_ready(client: Client, installation_id: str) -> None:
    """Register all that workflows and workers rely on. Idempotent.

    Raises `Conflict` (code `namespace_taken`) where the namespace belongs to another installation.
    """
    await ensure_search_attributes(client)
    await ensure_retention(client)
    await ensure_schedules(client, installation_id)


async def find_missing_search_attributes(client: Client) -> list[str]:
    """The attributes that the namespace lacks; a workflow that sets one of them cannot start."""
    known = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    return [key.name for key in SEARCH_ATTRIBUTES if key.name not in known.custom_attributes]


async def ensure_search_attributes(client: Client) -> None:
    """Register the missing search attributes and return when they may be used."""
    missing = await find_missing_search_attributes(client)
    if not missing:
        return
    await client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(
            namespace=client.namespace,
            search_attributes={
                key.name: IndexedValueType.ValueType(key.indexed_value_type.value)
                for key in SEARCH_ATTRIBUTES
                if key.name in missing
            },
        )
    )
    async with asyncio.timeout(_REGISTRATION_SECONDS):
        while await find_missing_search_attributes(client):  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def ensure_retention(client: Client) -> None:
    """Keep closed workflows for at least 30 days; a longer setting is left as it is."""
    described = await client.workflow_service.describe_namespace(
        DescribeNamespaceRequest(namespace=client.namespace)
    )
    if described.config.workflow_execution_retention_ttl.ToTimedelta() >= RETENTION:
        return
    ttl = Duration()
    ttl.FromTimedelta(RETENTION)
    await client.workflow_service.update_namespace(
        UpdateNamespaceRequest(
            namespace=client.namespace,
            config=NamespaceConfig(workflow_execution_retention_ttl=ttl),
        )
    )


async def ensure_schedules(client: Client, installation_id: str) -> None:
    """Run `CareWorkflow` every 20 minutes, never two at a time.

    A schedule that exists is left alone: an operator who paused or slowed it meant to. Raises
    `Conflict` (code `namespace_taken`) where it is another installation's: each would take the
    other's tasks, and end the other's workflows as such that no row of its database needs.
    """
    owner = await find_owner(client)
    if owner is None:
        await _ensure_care(client, installation_id)
        owner = await find_owner(client)
    if owner != installation_id:
        raise Conflict(
            "namespace_taken",
            f"Temporal's namespace {client.namespace} belongs to another installation of Castline "
            f"({owner}); this database is of {installation_id}. Was the other database lost? Then "
            "put it back with `castline restore` (docs/backup.md). Are there two? Then give each a "
            "namespace of its own with CASTLINE_TEMPORAL_NAMESPACE (or TEMPORAL_NAMESPACE). If the "
            "other one is gone for good, run `temporal schedule delete --namespace "
            f"{client.namespace} --schedule-id {CARE}` and start again.",
        )


async def find_owner(client: Client) -> str | None:
    """The id of the installation that the namespace belongs to. None: it belongs to none."""
    try:
        described = await client.get_schedule_handle(CARE).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
    return described.typed_search_attributes.get(INSTALLATION)


async def renew_schedules(client: Client) -> None:
    """Seal what the Schedule starts with the present key. Idempotent.

    How often it runs, and whether it is paused, stays as it is.
    """

    def renew(described: ScheduleUpdateInput) -> ScheduleUpdate:
        return ScheduleUpdate(replace(described.description.schedule, action=_care()))

    await client.get_schedule_handle(CARE).update(renew)


def _care() -> ScheduleActionStartWorkflow:
    return ScheduleActionStartWorkflow(
        "CareWorkflow",
        args=[CareInput()],
        id=CARE,
        task_queue=WORKFLOW_QUEUE,
        # A hundred thousand looks that all meet a platform in trouble.
        execution_timeout=timedelta(days=1),
        static_summary="Look after connections before anybody notices",
    )


async def _ensure_care(client: Client, installation_id: str) -> None:
    schedule = Schedule(
        action=_care(),
        spec=ScheduleSpec(
            intervals=[ScheduleIntervalSpec(every=CARE_EVERY)],
            # Not all installations of the world at the same minute.
            jitter=timedelta(minutes=3),
        ),
        # What was missed while Temporal was away is done by the next one.
        policy=SchedulePolicy(
            overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(minutes=1)
        ),
    )
    try:
        await client.create_schedule(
            CARE,
            schedule,
            search_attributes=TypedSearchAttributes(
                [SearchAttributePair(INSTALLATION, installation_id)]
            ),
        )
    except ScheduleAlreadyRunningError:
        return
