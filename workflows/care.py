"""Looks after connections before anybody notices. Fired by a Schedule, or by an operator.

A sweep is about what is due when it begins, page by page until nothing is left of it; what is
put off on the way belongs to the next one. It goes on in another run when its history grows
long. What only the operator can mend is said once per sweep, in the worker's log.
"""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.contract.care import Cared, CareInput, CareSteps
    from workflows import options
    from workflows.history import is_long


@workflow.defn
class CareWorkflow:
    @workflow.run
    async def run(self, care: CareInput) -> Cared:
        due_by = care.due_by or workflow.now()
        if care.everything:
            await workflow.execute_activity_method(
                CareSteps.make_due, due_by, summary="everything is due", **options.CARE
            )
        found = care.found
        while True:
            page = await workflow.execute_activity_method(
                CareSteps.care_for_due, due_by, summary="check a page", **options.CARE
            )
            found += page
            if not page.seen:
                break
            if is_long():
                workflow.continue_as_new(CareInput(due_by=due_by, found=found))
        _tell_operator(found)
        return found


def _tell_operator(found: Cared) -> None:
    if found.in_testing:
        workflow.logger.warning(
            "%d connections were granted while the Google consent screen is in Testing and end "
            "after seven days: publish the app on the consent screen, then connect them again",
            found.in_testing,
        )
    if found.unserved:
        workflow.logger.warning(
            "%d connections could not be checked, because the platform's app is not set or not "
            "accepted: `castline doctor` says which",
            found.unserved,
        )
