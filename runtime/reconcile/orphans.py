"""Workflows without a row: each is recorded, and ends with a sentence that says so.

It works for nothing that the database holds: its row was lost with a restore of the database, or
has ended otherwise. Whatever it would do is refused at its next step, but it may wait for a week
until then. What it accepted, or had published already, is recorded for a person before it ends.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from temporalio.client import Client
from temporalio.common import SearchAttributeKey, TypedSearchAttributes
from temporalio.converter import WorkflowSerializationContext, decode_typed_search_attributes

from activities.contract.assignments import AssignmentInput
from domain.errors import CastlineError
from runtime.reconcile.pace import Repairs
from runtime.reconcile.running import Running
from runtime.runs import end_run, is_running
from store.engine import Store
from store.queries.orphans import record_orphan
from store.tables import Orphan
from workflows import options

REASON = (
    "Castline's database holds nothing unsettled that this workflow works for. "
    "What it was for is recorded there in the table `orphan`."
)

_ASSIGNMENT = "AssignmentWorkflow"


class OrphanSweep:
    def __init__(self, store: Store, client: Client) -> None:
        self._store = store
        self._client = client

    async def run(self, found: Sequence[Running], repairs: Repairs) -> int:
        """Record and end each that still runs; return how many."""
        return await repairs.paced(found, self._end, most=len(found))

    async def _end(self, one: Running) -> bool:
        if not await is_running(self._client, one.id, one.run_id):
            return False  # the visibility store had not heard yet
        orphan = await self._describe(one)
        await asyncio.to_thread(self._record, orphan)
        await end_run(self._client, one.id, one.run_id, REASON)
        return True

    async def _describe(self, one: Running) -> Orphan:
        attributes = decode_typed_search_attributes(one.info.search_attributes)
        return Orphan(
            workflow_id=one.id,
            run_id=one.run_id,
            type=one.info.type.name,
            workspace_id=_text(attributes, options.WORKSPACE),
            connection_id=_text(attributes, options.CONNECTION),
            platform=_text(attributes, options.PLATFORM),
            title=await self._title_of(one) if one.info.type.name == _ASSIGNMENT else None,
            started_at=one.started_at,
        )

    async def _title_of(self, one: Running) -> str | None:
        handle = self._client.get_workflow_handle(one.id, run_id=one.run_id)
        context = WorkflowSerializationContext(namespace=self._client.namespace, workflow_id=one.id)
        converter = self._client.data_converter.with_context(context)
        async for event in handle.fetch_history_events(page_size=1):
            payloads = event.workflow_execution_started_event_attributes.input.payloads
            # Sealed with a key set that is not ours it still ends, without its title.
            with suppress(CastlineError):
                [accepted] = await converter.decode(payloads, [AssignmentInput])
                assert isinstance(accepted, AssignmentInput)
                return accepted.title
            break
        return None

    def _record(self, orphan: Orphan) -> None:
        with self._store.write() as session:
            record_orphan(session, orphan)


def _text(attributes: TypedSearchAttributes, key: SearchAttributeKey[str]) -> str | None:
    return attributes.get(key)
