"""Looks after connections before anybody notices. Fired by a Schedule."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.contract.care import Cared, CareInput


@workflow.defn
class CareWorkflow:
    @workflow.run
    async def run(self, care: CareInput) -> Cared:
        return Cared()
