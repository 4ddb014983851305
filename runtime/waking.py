"""After the commit: the workflows that a transaction concerns are started or told.

The store calls this from any thread; the calls to Temporal follow on the event loop. A wake
that is lost, because Temporal is away or the process ends, is not missed for long: each is
idempotent, and Reconcile comes upon what it was for within a minute.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from temporalio.client import Client
from temporalio.common import (
    Priority,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
)
from temporalio.service import RPCError

from activities.contract.deliveries import DeliveryInput
from activities.contract.reauth import ReauthInput
from domain.ids import delivery_workflow_id, reauth_workflow_id
from domain.queues import WORKFLOW_QUEUE
from domain.wakes import ConnectionSettled, DeliveryDue, PersonNeeded, Wake
from settings import Settings
from store.engine import Store
from store.queries.access.connections import get_connection_by_id
from workflows import options
from workflows.delivery import DeliveryWorkflow
from workflows.reauth import ReauthWorkflow

_log = logging.getLogger("castline.waking")


class Waker:
    """Made on the event loop that it works on."""

    def __init__(self, client: Client, store: Store, settings: Settings) -> None:
        self._client = client
        self._store = store
        self._settings = settings
        self._loop = asyncio.get_running_loop()

    def attach(self) -> None:
        """Wake whatever the store's transactions concern from now on."""
        self._store.after_commit = self._wake_later

    async def wake(self, concerned: Wake) -> None:
        """Start or tell the workflow. Idempotent. Raises what Temporal's client raises."""
        match concerned:
            case PersonNeeded(connection_id):
                await self._start_reauth(connection_id)
            case ConnectionSettled(connection_id):
                # One that does not run is started: it finds nobody needed, and wakes the parked.
                await self._start_reauth(connection_id, start_signal="settled")
            case DeliveryDue(endpoint_id, subject_id):
                await self._client.start_workflow(
                    DeliveryWorkflow.run,
                    DeliveryInput(endpoint_id, subject_id),
                    id=delivery_workflow_id(endpoint_id, subject_id),
                    task_queue=WORKFLOW_QUEUE,
                    start_signal="more",
                    static_summary=f"Tell {endpoint_id} about {subject_id}",
                )

    async def _start_reauth(self, connection_id: str, **how: Any) -> None:
        reauth = await asyncio.to_thread(self._reauth_input, connection_id)
        if "start_signal" not in how:
            how["id_conflict_policy"] = WorkflowIDConflictPolicy.USE_EXISTING
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
            static_summary=_summary(reauth),
            priority=Priority(fairness_key=reauth.workspace_id),
            **how,
        )

    def _reauth_input(self, connection_id: str) -> ReauthInput:
        with self._store.read() as session:
            connection = get_connection_by_id(session, connection_id)
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
        for concerned in wakes:
            work = self._try(concerned)
            try:
                asyncio.run_coroutine_threadsafe(work, self._loop)
            except RuntimeError:  # the loop has ended with its process
                work.close()

    async def _try(self, concerned: Wake) -> None:
        try:
            await self.wake(concerned)
        except (RPCError, RuntimeError) as error:
            _log.info("%s waits for the next sweep: %s", concerned, type(error).__name__)


def _summary(reauth: ReauthInput) -> str:
    name = reauth.name if len(reauth.name) <= 60 else reauth.name[:59] + "…"
    return f"{name} on {reauth.platform} needs a person since {reauth.since:%d %B %Y, %H:%M} UTC"
