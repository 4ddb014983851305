"""Care on demand: an operator's check of everything, now."""

from temporalio.client import Client, WorkflowFailureError
from temporalio.common import WorkflowIDConflictPolicy

from activities.contract.care import Cared, CareInput
from domain.errors import Unavailable
from domain.queues import WORKFLOW_QUEUE
from workflows.care import CareWorkflow

EVERYTHING = "care-for-everything"


async def care_for_everything(client: Client) -> Cared:
    """Check every living connection and return what was found. Waits for a worker to do it.

    One that is under way is joined, so on retry nothing is checked twice. Raises `Unavailable`
    (code `care_failed`) when it was given up.
    """
    try:
        return await client.execute_workflow(
            CareWorkflow.run,
            CareInput(everything=True),
            id=EVERYTHING,
            task_queue=WORKFLOW_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary="Check every connection now",
        )
    except WorkflowFailureError:
        raise Unavailable(
            "care_failed", "The check was given up; the worker's log says why."
        ) from None
