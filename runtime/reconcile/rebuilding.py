"""Another run for an assignment whose workflow is gone.

The row decides: what it says is unsettled has a run of its present attempt, or gets one. The run
continues from the rows (see `activities.publishing.inputs`), and the timeline says what became of
the one before. Any number of processes may do this for one assignment at the same time: they
start the same workflow, and a run too many is refused by the row.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from activities.contract.assignments import AssignmentInput
from activities.publishing.inputs import load_input
from domain.evidence import EvidenceKind, Loss
from domain.states import AssignmentState
from platforms.registry import Registry
from runtime.answers import Closed
from runtime.lifecycles import Lifecycles
from runtime.reconcile.gap import Gap
from runtime.runs import Run
from store.engine import Store
from store.queries.publishing import assignments
from store.queries.publishing.evidence import Observation, add_evidence, is_forced
from store.queries.telling.events import written
from store.tables import Assignment

T = TypeVar("T")

_OTHER_ATTEMPT = (
    "It is of attempt {ran}, and the database holds attempt {attempt}: another run continues."
)


class Rebuilder:
    def __init__(self, store: Store, registry: Registry, lifecycles: Lifecycles) -> None:
        self._store = store
        self._registry = registry
        self._lifecycles = lifecycles
        self._gap = Gap(store, lifecycles)

    async def ensure_running(self, assignment_id: str) -> bool:
        """Start a run where the row is unsettled and none runs. Idempotent.

        True: the row was without one, and has one now. A run of another attempt that does not
        close is terminated first. Raises `NotFound`, `PlatformNotConfigured`, and
        `Unavailable`.
        """
        row = await asyncio.to_thread(self._read, assignment_id)
        if AssignmentState(row.state).is_settled:
            return False
        # Before Temporal is asked: what cannot be started costs nothing.
        self._registry.get(row.platform)
        run = await self._lifecycles.find_assignment_run(row.id, closes=row.attempt)
        row = await self._gap.notice(row, run)
        if run is not None and await self._gap.is_unread(row, run):
            run = await self._gap.read(row, run)
            row = await asyncio.to_thread(self._read, assignment_id)
        if run is not None and run.is_running and run.attempt == row.attempt:
            await self._let_know(row)
            return False
        if run is not None and run.is_running:
            reason = _OTHER_ATTEMPT.format(ran=run.attempt, attempt=row.attempt)
            await self._lifecycles.terminate_assignment(row.id, run, reason)
        wanted = await asyncio.to_thread(self._prepare, row, run)
        if wanted is None:
            return False
        await self._lifecycles.continue_assignment(wanted)
        await asyncio.to_thread(self._mark_started, row)
        return True

    async def ask(self, assignment_id: str, question: Callable[[], Awaitable[T]]) -> T:
        """Ask the workflow. Where it is gone, another run is started first and asked.

        Raises `Closed` where the row is settled, and what `question` and `ensure_running` raise.
        """
        row = await asyncio.to_thread(self._read, assignment_id)
        if not row.is_started:
            # The run of the attempt before may not have closed yet, and must not be asked.
            await self.ensure_running(assignment_id)
        try:
            return await question()
        except Closed:
            await self.ensure_running(assignment_id)
            row = await asyncio.to_thread(self._read, assignment_id)
            if AssignmentState(row.state).is_settled:
                raise
        return await question()

    async def _let_know(self, row: Assignment) -> None:
        """Tell a run what its row says and it may not have heard."""
        if row.is_started:
            return
        if await asyncio.to_thread(self._is_forced, row):
            # It was running before, so that starting it tells it nothing.
            await self._lifecycles.tell_forced(row.id)
        await asyncio.to_thread(self._mark_started, row)

    def _read(self, assignment_id: str) -> Assignment:
        with self._store.read() as session:
            return assignments.get_assignment_by_id(session, assignment_id)

    def _is_forced(self, row: Assignment) -> bool:
        with self._store.read() as session:
            return is_forced(session, row)

    def _prepare(self, seen: Assignment, run: Run | None) -> AssignmentInput | None:
        """The input of the next run, with the loss written down. None: none is needed any more."""
        with self._store.write() as session:
            row = assignments.lock_assignment(session, seen.id)
            if row.attempt != seen.attempt or AssignmentState(row.state).is_settled:
                return None
            wanted = load_input(session, self._registry, row)
            if row.is_started:
                add_evidence(session, row, [_loss_of(row, run)])
            return wanted

    def _mark_started(self, row: Assignment) -> None:
        with self._store.write() as session:
            assignments.mark_started(session, row.id, attempt=row.attempt)


def _loss_of(row: Assignment, run: Run | None) -> Observation:
    if run is None or run.attempt != row.attempt or run.closed_at is None:
        how, since = Loss.MISSING, row.updated_at
    else:
        how, since = run.loss, run.closed_at
    return Observation(
        EvidenceKind.WORKFLOW_LOST, {"how": how, "since": written(since.replace(microsecond=0))}
    )
