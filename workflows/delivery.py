"""The events of one subject on their way to one endpoint, in their order.

It runs while something stands in line, and waits for as long as the endpoint does not take it.
The rows of the deliveries say when the next try is made and when one is given up; a signal only
makes it look again, so a redelivery does not wait for the date of a try that failed.
"""

from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.contract.deliveries import DeliveryInput, DeliverySteps
    from workflows import options
    from workflows.history import is_long
    from workflows.parking import pause_until


@workflow.defn
class DeliveryWorkflow:
    """Signal `more`: something else stands in line, or is to be tried at once."""

    @workflow.init
    def __init__(self, line: DeliveryInput) -> None:
        self._has_more = False

    @workflow.run
    async def run(self, line: DeliveryInput) -> None:
        while True:
            self._has_more = False
            stand = await workflow.execute_activity_method(
                DeliverySteps.deliver, line, summary="tell what stands in line", **options.DELIVERY
            )
            if stand.due_at is not None:
                await self._wait_until(stand.due_at)
            elif not self._has_more:
                return
            if is_long():
                # The next run begins with a look, so a signal that came before is not lost.
                workflow.continue_as_new(line)

    @workflow.signal(description="Something else stands in line.")
    def more(self) -> None:
        self._has_more = True

    async def _wait_until(self, moment: datetime) -> None:
        if moment <= workflow.now():
            return
        workflow.set_current_details(
            f"Not taken yet. Next try: **{moment:%d %B %Y, %H:%M:%S} UTC**"
        )
        await pause_until(moment, "the next try", lambda: self._has_more)
