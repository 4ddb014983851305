"""Repairs what a crash between database and Temporal left. Fired by a Schedule, every 45 s.

The row is written before its workflow is started, so an accepted assignment may stand alone
for a moment; this finds it and starts the workflow, idempotently.
"""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.contract.repair import Repaired, RepairSteps
    from workflows import options


@workflow.defn
class ReconcileWorkflow:
    @workflow.run
    async def run(self) -> Repaired:
        return await workflow.execute_activity_method(
            RepairSteps.reconcile,
            summary="start what was accepted, close what was abandoned",
            **options.RECONCILE,
        )
