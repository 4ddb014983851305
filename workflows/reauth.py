"""A connection that needs a person: asked at once, reminded, and waited for.

One runs for each connection that nobody but a person can mend, so the list of those that run
is the list of who must act. It ends when somebody has come, when the connection was
disconnected, or when its limit is over; on the way out it wakes whatever was parked.
"""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.contract.reauth import ReauthInput


@workflow.defn
class ReauthWorkflow:
    """Signal `settled`: the connection is well again, or was disconnected."""

    @workflow.run
    async def run(self, reauth: ReauthInput) -> None: ...

    @workflow.signal(description="Well again, or disconnected.")
    def settled(self) -> None: ...
