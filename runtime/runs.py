"""The runs of a workflow, as Temporal's own store has them.

Describing a workflow is strongly consistent; the visibility store lags behind. So a
workflow that is to be replaced or ended is described first.
"""

from dataclasses import dataclass
from datetime import datetime

from temporalio.client import Client, WorkflowExecutionStatus

from domain.evidence import Loss
from runtime.answers import Closed, answered

ATTEMPT = "attempt"
"""The memo that holds the attempt of an assignment's run."""

_LOSSES = {
    WorkflowExecutionStatus.TERMINATED: Loss.TERMINATED,
    WorkflowExecutionStatus.TIMED_OUT: Loss.TIMED_OUT,
    WorkflowExecutionStatus.FAILED: Loss.FAILED,
    WorkflowExecutionStatus.CANCELED: Loss.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class Run:
    run_id: str
    is_running: bool
    attempt: int | None
    """Of an assignment; None for every other workflow."""
    loss: Loss
    """How it ended, where it is not running."""
    closed_at: datetime | None
    started_at: datetime | None = None
    continues: bool = False
    """True where it continues a run of the same workflow, which may have begun long before."""

    @property
    def has_completed(self) -> bool:
        """True where it has come to its own end."""
        return not self.is_running and self.loss is Loss.COMPLETED

    @property
    def is_lost(self) -> bool:
        """True where it has ended, and not by itself."""
        return not self.is_running and self.loss is not Loss.COMPLETED


async def find_run(client: Client, workflow_id: str) -> Run | None:
    """The latest run of a workflow. None: Temporal knows none. Raises `Unavailable`."""
    try:
        described = await answered(client.get_workflow_handle(workflow_id).describe())
    except Closed:
        return None
    status = described.status
    return Run(
        run_id=described.run_id,
        is_running=status is WorkflowExecutionStatus.RUNNING,
        attempt=await described.memo_value(ATTEMPT, None),
        loss=Loss.COMPLETED if status is None else _LOSSES.get(status, Loss.COMPLETED),
        closed_at=described.close_time,
        started_at=described.start_time,
        continues=described.raw_info.first_run_id not in ("", described.run_id),
    )


async def is_running(client: Client, workflow_id: str, run_id: str) -> bool:
    """True while one run goes on; its payloads need not be ours. Raises `Unavailable`."""
    try:
        described = await answered(
            client.get_workflow_handle(workflow_id, run_id=run_id).describe()
        )
    except Closed:
        return False
    return described.status is WorkflowExecutionStatus.RUNNING


async def end_run(client: Client, workflow_id: str, run_id: str, reason: str) -> None:
    """Terminate one run. One that has closed meanwhile stays as it is. Raises `Unavailable`."""
    try:
        await answered(
            client.get_workflow_handle(workflow_id, run_id=run_id).terminate(reason=reason)
        )
    except Closed:
        return
