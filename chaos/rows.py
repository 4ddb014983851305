"""What an operator reads in the database itself, because the API does not say it."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from time import monotonic
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from chaos.facts import Row
from domain.ids import assignment_workflow_id
from runtime.parts import build_store
from runtime.settings import Settings
from store.queries.installation import find_restored
from store.queries.orphans import list_orphans
from store.queries.sweeps import RECONCILE, find_sweep

_MOST = 10_000
_SWEEP_SECONDS = 120.0
_LOOK_SECONDS = 1.0
T = TypeVar("T")


class Rows:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def list_orphans(self) -> Sequence[Row]:
        """Assignments' workflows that had no row and were terminated."""
        prefix = assignment_workflow_id("")
        orphans = await self._read(lambda session: list_orphans(session, limit=_MOST))
        return [
            {
                "assignmentId": orphan.workflow_id.removeprefix(prefix),
                "title": orphan.title,
                "platformId": orphan.platform_id,
            }
            for orphan in orphans
            if orphan.workflow_id.startswith(prefix)
        ]

    async def is_restore_noticed(self) -> bool:
        """True when the database knows that it was restored."""
        return await self._read(lambda session: find_restored(session) is not None)

    async def is_swept_since(self, moment: datetime) -> bool:
        """True as soon as a sweep has ended since then; False when none does for two minutes."""
        deadline = monotonic() + _SWEEP_SECONDS
        while monotonic() < deadline:
            sweep = await self._read(lambda session: find_sweep(session, RECONCILE))
            if sweep and sweep.finished_at and sweep.finished_at > moment:
                return True
            await asyncio.sleep(_LOOK_SECONDS)
        return False

    async def _read(self, look: Callable[[Session], T]) -> T:
        """Look until the database answers: its disk may be full."""
        while True:
            with suppress(SQLAlchemyError):
                return await asyncio.to_thread(self._look, look)
            await asyncio.sleep(_LOOK_SECONDS)

    def _look(self, look: Callable[[Session], T]) -> T:
        store = build_store(self._settings)
        try:
            with store.read() as session:
                return look(session)
        finally:
            store.close()
