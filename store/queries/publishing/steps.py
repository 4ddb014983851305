"""Steps: the parts of an assignment that have begun, each with a status of its own."""

from collections.abc import Collection, Sequence

from sqlmodel import Session, col, delete, select

from domain.states import StepName, StepState
from store.queries.rows import insert_new
from store.tables import Step, now


def record_step(
    session: Session,
    *,
    assignment_id: str,
    name: StepName,
    state: StepState,
    error_code: str | None = None,
    error: str | None = None,
) -> Step:
    """Write how a step is, making its row if there is none. Idempotent."""
    fresh = Step(assignment_id=assignment_id, name=name)
    known = None if insert_new(session, fresh) else session.get_one(Step, (assignment_id, name))
    step = known or fresh
    step.state = state
    step.error_code = error_code
    step.error = error
    step.updated_at = now()
    return step


def list_steps(session: Session, assignment_id: str) -> Sequence[Step]:
    """The steps that have begun, in the order in which they run."""
    steps = session.exec(select(Step).where(Step.assignment_id == assignment_id)).all()
    order = list(StepName)
    return sorted(steps, key=lambda step: order.index(StepName(step.name)))


def discard_steps(
    session: Session, assignment_id: str, names: Collection[StepName] = tuple(StepName)
) -> None:
    """Remove steps of an attempt that is over. Never fails."""
    session.exec(
        delete(Step).where(col(Step.assignment_id) == assignment_id, col(Step.name).in_(names))
    )
