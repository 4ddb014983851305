"""The events of one subject on their way to one endpoint, in their order."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.contract.deliveries import DeliveryInput


@workflow.defn
class DeliveryWorkflow:
    """Signal `more`: something else stands in line."""

    @workflow.run
    async def run(self, line: DeliveryInput) -> None: ...

    @workflow.signal(description="Something else stands in line.")
    def more(self) -> None: ...
