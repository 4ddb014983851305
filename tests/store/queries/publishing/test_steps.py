from domain.states import StepName, StepState
from store.engine import Store
from store.queries.publishing import steps
from tests.store.conftest import Tenant


def test_steps_are_listed_as_they_run_each_with_its_latest_status(
    store: Store, tenant: Tenant
) -> None:
    assignment_id = tenant.assignment().id
    for name, state in (
        (StepName.PROCESSING, StepState.RUNNING),
        (StepName.TRANSFER, StepState.RUNNING),
        (StepName.TRANSFER, StepState.FAILED),
    ):
        with store.write() as session:
            steps.record_step(
                session, assignment_id=assignment_id, name=name, state=state, error_code=state
            )
    with store.read() as session:
        rows = steps.list_steps(session, assignment_id)
    assert [(row.name, row.state, row.error_code) for row in rows] == [
        ("transfer", "failed", "failed"),
        ("processing", "running", "running"),
    ]
