"""After the commit: the workflows that a transaction concerns are started or told.

The store calls this from any thread; the calls to Temporal follow on the event loop, a few at
a time, and wakes for the same thing that stand in line together are one. A wake that is lost,
because Temporal is away or the process ends, is not missed for long: each is idempotent, and
Reconcile comes upon what it was for within a minute or two.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.common import (
    Priority,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
)
from temporalio.service import RPCError, RPCStatusCode

from activities.contract.deliveries import DeliveryInput
from activities.contract.reauth import ReauthInput
from domain.health import BROKEN
from domain.ids import assignment_workflow_id, delivery_workflow_id, reauth_workflow_id
from domain.queues import WORKFLOW_QUEUE
from domain.wakes import (
    ConnectionSettled,
    DeliveryDue,
    PersonNeeded,
    RetryForced,
    SourceReplaced,
    TransferPlaceFree,
    Wake,
)
from runtime.settings import Settings
from store.engine import Store
from store.queries.access.connections import get_connection_by_id
from store.queries.publishing import lanes
from store.queries.publishing.assignments import get_assignment_by_id
from store.tables import Connection
from workflows import options
from workflows.assignment import AssignmentWorkflow
from workflows.delivery import DeliveryWorkflow
from workflows.reauth import ReauthWorkflow

_log = logging.getLogger("castline.waking")

AT_A_TIME = 20
"""Calls to Temporal under way: enough for its pace, and the rest can become one in line."""

_SPARE = 20
"""Queued assignments beyond the free places that are read: a workflow may have been terminated."""

_TIMEOUT = timedelta(seconds=10)
"""Temporal's client alone would insist for longer than the sweep takes to come round."""


class Waker:
    """Made on the event loop that it works on."""

    def __init__(self, client: Client, store: Store, settings: Settings) -> None:
        self._client = client
        self._store = store
        self._settings = settings
        self._loop = asyncio.get_running_loop()
        self._turn = asyncio.Semaphore(AT_A_TIME)
        self._in_line: set[Wake] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def attach(self) -> None:
        """Wake whatever the store's transactions concern from now on."""
        self._store.after_commit = self._wake_later

    async def wake(self, concerned: Wake) -> None:
        """Start or tell the workflow. Idempotent. Raises what Temporal's client raises."""
        match concerned:
            case PersonNeeded(connection_id) | ConnectionSettled(connection_id):
                await self._start_reauth(connection_id)
            case DeliveryDue(workspace_id, endpoint_id, subject_id):
                await self._client.start_workflow(
                    DeliveryWorkflow.run,
                    DeliveryInput(endpoint_id, subject_id),
                    id=delivery_workflow_id(endpoint_id, subject_id),
                    task_queue=WORKFLOW_QUEUE,
                    start_signal="more",
                    static_summary=f"Tell {endpoint_id} about {subject_id}",
                    rpc_timeout=_TIMEOUT,
                    priority=Priority(fairness_key=workspace_id),
                )
            case RetryForced(assignment_id):
                handle = self._client.get_workflow_handle(assignment_workflow_id(assignment_id))
                await handle.signal(AssignmentWorkflow.retry_forced, rpc_timeout=_TIMEOUT)
            case SourceReplaced(assignment_id):
                warnings = await asyncio.to_thread(self._read_warnings, assignment_id)
                handle = self._client.get_workflow_handle(assignment_workflow_id(assignment_id))
                await handle.signal(
                    AssignmentWorkflow.source_replaced, warnings, rpc_timeout=_TIMEOUT
                )
            case TransferPlaceFree():
                await self._fill_places(concerned)

    async def _fill_places(self, lane: TransferPlaceFree) -> None:
        """Signal as many queued assignments as there are free places, longest waiting first."""
        free, queued = await asyncio.to_thread(self._read_lane, lane)
        for assignment_id in queued:
            if free <= 0:
                return
            handle = self._client.get_workflow_handle(assignment_workflow_id(assignment_id))
            try:
                await handle.signal(AssignmentWorkflow.transfer_place_free, rpc_timeout=_TIMEOUT)
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
            else:
                free -= 1

    def _read_warnings(self, assignment_id: str) -> dict[str, str]:
        with self._store.read() as session:
            return dict(get_assignment_by_id(session, assignment_id).warnings)

    def _read_lane(self, lane: TransferPlaceFree) -> tuple[int, Sequence[str]]:
        places = self._settings.transfer_limits.places(is_slow=lane.is_slow)
        with self._store.read() as session:
            taken = lanes.count_uploading(session, lane.workspace_id, is_slow=lane.is_slow)
            queued = lanes.list_queued(
                session, lane.workspace_id, is_slow=lane.is_slow, limit=places + _SPARE
            )
        return places - taken, queued

    async def _start_reauth(self, connection_id: str) -> None:
        connection = await asyncio.to_thread(self._read, connection_id)
        reauth = self._input_of(connection)
        # How the connection stands now decides, not what it was called for: work may have been
        # parked just as a person came. Whoever runs looks again; a fresh run finds nobody
        # needed, sets what was parked free and ends. Only who waits for this very trouble is
        # told nothing more of it: ten thousand may be parked on it.
        is_waited_for = connection.health in BROKEN and connection.is_reauth_started
        how: dict[str, Any] = (
            {"id_conflict_policy": WorkflowIDConflictPolicy.USE_EXISTING}
            if is_waited_for
            else {"start_signal": "settled"}
        )
        await self._client.start_workflow(
            ReauthWorkflow.run,
            reauth,
            id=reauth_workflow_id(connection_id),
            task_queue=WORKFLOW_QUEUE,
            search_attributes=TypedSearchAttributes(
                [
                    SearchAttributePair(options.WORKSPACE, reauth.workspace_id),
                    SearchAttributePair(options.PLATFORM, reauth.platform),
                    SearchAttributePair(options.CONNECTION, reauth.connection_id),
                ]
            ),
            static_summary=_summary(connection),
            priority=Priority(fairness_key=reauth.workspace_id),
            rpc_timeout=_TIMEOUT,
            **how,
        )

    def _read(self, connection_id: str) -> Connection:
        with self._store.read() as session:
            return get_connection_by_id(session, connection_id)

    def _input_of(self, connection: Connection) -> ReauthInput:
        return ReauthInput(
            connection_id=connection.id,
            workspace_id=connection.workspace_id,
            platform=connection.platform,
            name=connection.name,
            since=connection.health_since,
            reminder_days=list(self._settings.reminder_days),
            limit_days=self._settings.reauth_days,
        )

    def _wake_later(self, wakes: Sequence[Wake]) -> None:
        with suppress(RuntimeError):  # the loop has ended with its process
            self._loop.call_soon_threadsafe(self._line_up, wakes)

    def _line_up(self, wakes: Sequence[Wake]) -> None:
        for concerned in wakes:
            if concerned not in self._in_line:
                self._in_line.add(concerned)
                task = self._loop.create_task(self._try(concerned))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _try(self, concerned: Wake) -> None:
        async with self._turn:
            # From here on it may come too early for the next commit, which lines up anew.
            self._in_line.discard(concerned)
            try:
                await self.wake(concerned)
            except Exception as error:  # whatever it was: the sweep repairs it
                _log.info("%s waits for the next sweep: %s", concerned, type(error).__name__)


def _summary(connection: Connection) -> str:
    name = connection.name if len(connection.name) <= 60 else connection.name[:59] + "…"
    if connection.health not in BROKEN:
        return f"{name} on {connection.platform} needs nobody any more"
    since = connection.health_since
    return f"{name} on {connection.platform} needs a person since {since:%d %B %Y, %H:%M} UTC"
