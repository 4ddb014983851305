"""The least a workflow can be: one activity that does nothing. The yardstick of publishes.py."""

from datetime import timedelta

from temporalio import activity, workflow

QUEUE = "bench-empty"


@activity.defn
def nothing() -> None:
    return


@workflow.defn
class EmptyWorkflow:
    @workflow.run
    async def run(self) -> None:
        await workflow.execute_activity(nothing, start_to_close_timeout=timedelta(seconds=30))
