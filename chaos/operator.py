"""What operators and their machines do to a whole installation.

Each fault returns what it struck, in a sentence for the result. It returns when it is over; what it
took away is back then, or comes back within seconds.
"""

import asyncio
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

from chaos import temporal
from chaos.databases import Database
from chaos.deeds import (
    FillDisk,
    LoseTemporal,
    OperatorFault,
    Restore,
    RestoreBy,
    Snapshot,
    StopWorkers,
    TerminateWorkflow,
)
from chaos.disk import Disk
from chaos.installation import Installation
from chaos.rows import Rows
from cli.local.environment import service_environment
from cli.local.up import castline
from domain.ids import assignment_workflow_id
from store.tables import now

_TEMPORAL = "temporal"
_API = "api"
_REFUSING_SECONDS, _AGAIN_SECONDS = 60.0, 5.0
_ASSIGNMENT = assignment_workflow_id("")


class Operator:
    """Has an installation, its disk and its database in hand. `backups` is an existing folder."""

    def __init__(
        self, installation: Installation, disk: Disk, database: Database, backups: Path
    ) -> None:
        self._here = installation
        self._disk = disk
        self._database = database
        self._backups = backups
        self._turn = asyncio.Lock()

    async def do(self, fault: OperatorFault) -> str:
        """Let it happen. Raises `NotReady` or `CalledProcessError` where nothing comes back."""
        if isinstance(fault, TerminateWorkflow):
            struck = await temporal.terminate(self._here.client, fault)
            return f"{struck} was terminated" if struck else "no workflow was running"
        # One after the other. Temporal's dev server, for one, never recovers from making its
        # database on a full disk.
        async with self._turn:
            return await self._strike(fault)

    async def _strike(
        self, fault: LoseTemporal | FillDisk | StopWorkers | Snapshot | Restore
    ) -> str:
        match fault:
            case LoseTemporal():
                return await self._lose_temporal()
            case FillDisk(seconds):
                return await self._fill_disk(seconds)
            case StopWorkers(seconds):
                workers = self._here.workers
                await self._here.stop(*workers)
                await asyncio.sleep(seconds)
                self._here.resume(*workers)
                return f"no worker for {seconds} s"
            case Snapshot(by):
                await self._back_up(by)
                return f"backed up by {by}"
            case Restore():
                return await self._restore(fault)

    @property
    def rows(self) -> Rows:
        """What the database says beside the API."""
        return Rows(self._here.settings)

    async def find_lacking(self) -> list[str]:
        """What Castline sets up in Temporal and what is missing there."""
        client = self._here.client
        return await temporal.until_answered(
            lambda: temporal.find_lacking(client), ["an answer of Temporal"]
        )

    async def find_running(self) -> list[str]:
        """The ids of the assignments' workflows that still run."""
        client, nothing = self._here.client, temporal.Running()
        running = await temporal.until_answered(lambda: temporal.list_running(client), nothing)
        return [id_ for _, id_ in running if id_.startswith(_ASSIGNMENT)]

    async def _lose_temporal(self) -> str:
        await self._here.stop(_TEMPORAL, number=signal.SIGKILL)
        size = self._delete_temporal_state()
        self._here.resume(_TEMPORAL)
        await self._here.ready(_TEMPORAL)
        return f"{size} bytes of Temporal's state were deleted"

    def _delete_temporal_state(self) -> int:
        files = list(self._here.settings.data_dir.glob("temporal.db*"))
        size = sum(file.stat().st_size for file in files)
        for file in files:
            file.unlink()
        return size

    async def _fill_disk(self, seconds: float) -> str:
        if not self._disk.is_small:
            return "left out: a small filesystem can only be mounted by root"
        taken = await self._disk.fill(seconds)
        return f"no byte was free for {seconds} s; {taken >> 20} MiB had been"

    async def _back_up(self, by: RestoreBy) -> None:
        if by is RestoreBy.COMMAND:
            await _run(castline("backup", str(self._backups / by)))
            return
        folder = self._backups / by
        folder.mkdir()
        await asyncio.to_thread(self._database.copy, folder)

    async def _restore(self, fault: Restore) -> str:
        programs = [_API, *self._here.workers]
        await self._here.stop(*programs)
        if fault.loses_temporal:
            await self._here.stop(_TEMPORAL, number=signal.SIGKILL)
        folder = self._backups / fault.by
        if fault.by is RestoreBy.COMMAND:
            await self._restore_by_command(folder)
        else:
            await asyncio.to_thread(self._database.put_back, folder)
        if fault.loses_temporal:
            self._delete_temporal_state()
            programs.append(_TEMPORAL)
        began = now()
        self._here.resume(*programs)
        await self._here.ready(*programs)
        # Until then nothing is said of the work that only Temporal knows.
        swept = "" if await self.rows.is_swept_since(began) else "; no sweep ended"
        kept = "Temporal's state was deleted" if fault.loses_temporal else "Temporal kept its state"
        return f"restored by {fault.by}; {kept}{swept}"

    async def _restore_by_command(self, folder: Path) -> None:
        """A process that was killed counts as running for half a minute: until then it refuses."""
        deadline = monotonic() + _REFUSING_SECONDS
        while True:
            try:
                return await _run(castline("restore", str(folder)))
            except subprocess.CalledProcessError as refusal:
                if monotonic() > deadline:
                    raise RuntimeError(refusal.output.decode()) from None
            await asyncio.sleep(_AGAIN_SECONDS)


async def _run(command: Sequence[str]) -> None:
    """Raises `CalledProcessError` with everything that the command said."""
    await asyncio.to_thread(
        subprocess.run,
        command,
        env=service_environment(),
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
