"""Which running workflows are held against the rows."""

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflow.v1 import WorkflowExecutionInfo

from domain.ids import CARE, assignment_workflow_id
from runtime.reconcile.rows import compare
from runtime.reconcile.running import Running
from tests.activities.conftest import Installation


def running(workflow_id: str) -> Running:
    return Running(WorkflowExecutionInfo(execution=WorkflowExecution(workflow_id=workflow_id)))


def test_what_works_for_no_row_at_all_is_no_orphan(installation: Installation) -> None:
    row = installation.assignment()
    needed, lost = running(assignment_workflow_id(row.id)), running("assignment/asg_lost")
    with installation.store.read() as session:
        compared = compare(
            session, [running(CARE), running("temporal-sys-scheduler:x"), needed, lost]
        )
    assert (compared.needed, compared.orphans) == ([needed], [lost])
    assert compared.attempts == {row.id: 1}
