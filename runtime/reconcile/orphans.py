"""Workflows without a row: each is recorded, and ends with a sentence that says so.

It works for nothing that the database holds: its row was lost with a restore of the database, or
has ended otherwise. Whatever it would do is refused at its next step, but it may wait for a week
until then. What it accepted, or had published already, is recorded for a person before it ends.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from temporalio.client import Client
from temporalio.common import SearchAttributeKey, TypedSearchAttributes
from temporalio.converter import decode_typed_search_attributes

from domain.errors import CastlineError
from runtime.histories import read_history
from runtime.reconcile.pace import Repairs
from runtime.reconcile.running import Running, page_assignments_of
from runtime.runs import end_run, is_running
from store.engine import Store
from store.queries import needed
from store.queries.orphans import record_orphan
from store.tables import Orphan
from workflows import options

REASON = (
    "Castline's database holds nothing unsettled that this workflow works for. "
    "`castline orphans` shows what it was for."
)

_ASSIGNMENT = "AssignmentWorkflow"


class OrphanSweep:
    def __init__(self, store: Store, client: Client) -> None:
        self._store = store
        self._client = client

    async def run(self, found: Sequence[Running], repairs: Repairs) -> int:
        """Record and end each that still runs; return how many."""
        return await repairs.paced(found, self._end, most=len(found))

    async def record_accepted(self, since: datetime, repairs: Repairs) -> int:
        """Record the assignments that began since then and have no row, also those that ended.

        A restored database lost them; what they published is theirs and nobody else's.
        """
        recorded = 0
        async for page in page_assignments_of(self._client, since):
            unknown = await asyncio.to_thread(self._without_row, page)
            recorded += await repairs.each(unknown, self._record_one)
        return recorded

    async def _record_one(self, one: Running) -> None:
        await asyncio.to_thread(self._record, await self._describe(one))

    def _without_row(self, page: Sequence[Running]) -> Sequence[Running]:
        ids = {one.id: one.id.partition("/")[2] for one in page}
        with self._store.read() as session:
            known = set(needed.find_accepted(session, ids.values()))
        return [one for one in page if ids[one.id] not in known]

    async def _end(self, one: Running) -> bool:
        if not await is_running(self._client, one.id, one.run_id):
            return False  # the visibility store had not heard yet
        orphan = await self._describe(one)
        await asyncio.to_thread(self._record, orphan)
        await end_run(self._client, one.id, one.run_id, REASON)
        return True

    async def _describe(self, one: Running) -> Orphan:
        known = None
        if one.info.type.name == _ASSIGNMENT:
            # Sealed with a key set that is not ours it is recorded, too, without its title.
            with suppress(CastlineError):
                known = await read_history(self._client, one.id, one.run_id)
        attributes = decode_typed_search_attributes(one.info.search_attributes)
        return Orphan(
            workflow_id=one.id,
            run_id=one.run_id,
            type=one.info.type.name,
            workspace_id=_text(attributes, options.WORKSPACE),
            connection_id=_text(attributes, options.CONNECTION),
            platform=_text(attributes, options.PLATFORM),
            title=None if known is None else known.title,
            platform_id=None if known is None else known.platform_id,
            started_at=one.started_at,
        )

    def _record(self, orphan: Orphan) -> None:
        with self._store.write() as session:
            record_orphan(session, orphan)


def _text(attributes: TypedSearchAttributes, key: SearchAttributeKey[str]) -> str | None:
    return attributes.get(key)
