"""Deliveries: the line of events before each endpoint, and the log of the tries.

An endpoint hears about one subject in the order of the events, so of each line only the first
one is tried; it is delivered or given up before the next one's turn. A try that failed moves
that one's date, which is the only truth about when the line goes on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from domain.errors import Conflict
from domain.states import DeliveryAnswer, DeliveryState
from domain.wakes import DeliveryDue
from store import outbox
from store.queries.rows import PAGE_LIMIT, Page, found, lock_row, paginate
from store.queries.telling.endpoints import disable, lock_endpoint, welcome_back
from store.tables import Delivery, Endpoint, now

LASTING = outbox.GIVE_UP_AFTER - timedelta(hours=1)
"""For how long nothing may get through before an endpoint is disabled: a little less than a
delivery is tried, whose first try comes some time after it was written."""

OUTAGE = timedelta(seconds=10)
"""What fails for less than this only waits its few seconds out: an endpoint that refuses every
other try would otherwise have all of its lines woken by each one that it takes."""

_NOT_FOUND = "delivery_not_found"
_LOGGED = 20


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try, and what came of it."""

    at: datetime
    answer: DeliveryAnswer
    status: int | None
    """The HTTP status, where there was an answer at all."""
    milliseconds: int


def find_first(session: Session, endpoint_id: str, subject_id: str) -> Delivery | None:
    """Whose turn it is in a line, whether it is due or not."""
    query = (
        select(Delivery)
        .where(
            Delivery.endpoint_id == endpoint_id,
            Delivery.subject_id == subject_id,
            Delivery.state == DeliveryState.PENDING,
        )
        .order_by(col(Delivery.number))
        .limit(1)
    )
    return session.exec(query).one_or_none()


def log_attempt(
    session: Session,
    endpoint_id: str,
    delivery_id: str,
    attempt: Attempt,
    *,
    next_try: Callable[[int], datetime],
) -> Delivery:
    """Write what came of a try; `next_try` says when another is made after so many failures.

    With the first success after an outage, everything else is due now. It ends delivered, or
    given up: at its deadline, or when nobody is there any more. An endpoint for which that is
    the last of a long row of failures is disabled. Each call counts as a try. Raises `NotFound`
    when the endpoint was deleted meanwhile.
    """
    endpoint = lock_endpoint(session, endpoint_id)
    delivery = lock_row(session, Delivery, delivery_id, code=_NOT_FOUND)
    logged = {
        "at": attempt.at.isoformat(),
        "answer": attempt.answer,
        "status": attempt.status,
        "milliseconds": attempt.milliseconds,
    }
    delivery.attempts = [*delivery.attempts, logged][-_LOGGED:]
    delivery.attempt_count += 1
    if attempt.answer is DeliveryAnswer.DELIVERED:
        _settle(delivery, DeliveryState.DELIVERED)
        since, endpoint.failing_since = endpoint.failing_since, None
        if since is not None and attempt.at - since >= OUTAGE:
            welcome_back(session, endpoint)
    # Of two that try at once the later answer may be the failure: it changes no end.
    elif delivery.state == DeliveryState.PENDING:
        _fail(session, endpoint, delivery, attempt, next_try(delivery.attempt_count))
    return delivery


def _fail(
    session: Session, endpoint: Endpoint, delivery: Delivery, attempt: Attempt, due_at: datetime
) -> None:
    is_gone = attempt.answer is DeliveryAnswer.GONE
    if is_gone or attempt.at >= delivery.gives_up_at:
        _settle(delivery, DeliveryState.FAILED)
    else:
        delivery.due_at = min(due_at, delivery.gives_up_at)
    if endpoint.sealed_url is None:
        return  # its addresses are as many as the assignments: one says nothing of the others
    endpoint.failing_since = endpoint.failing_since or attempt.at
    is_lasting = attempt.at - endpoint.failing_since >= LASTING
    if is_gone or (is_lasting and delivery.state == DeliveryState.FAILED):
        disable(session, endpoint, attempt.answer)


def get_delivery(session: Session, workspace_id: str, delivery_id: str) -> Delivery:
    query = select(Delivery).where(
        Delivery.id == delivery_id, Delivery.workspace_id == workspace_id
    )
    return found(session.exec(query).one_or_none(), code=_NOT_FOUND)


def find_deliveries(
    session: Session,
    workspace_id: str,
    *,
    endpoint_id: str | None = None,
    state: DeliveryState | None = None,
    event_id: str | None = None,
    subject_id: str | None = None,
    page: int = 1,
    limit: int = PAGE_LIMIT,
) -> Page[Delivery]:
    """A workspace's deliveries, those of the newest events first."""
    wanted = {
        Delivery.endpoint_id: endpoint_id,
        Delivery.state: state,
        Delivery.event_id: event_id,
        Delivery.subject_id: subject_id,
    }
    query = select(Delivery).where(Delivery.workspace_id == workspace_id)
    for column, value in wanted.items():
        if value is not None:
            query = query.where(column == value)
    ordered = query.order_by(col(Delivery.number).desc(), Delivery.id)
    return paginate(session, ordered, page=page, limit=limit)


def redeliver(session: Session, workspace_id: str, delivery_id: str) -> Delivery:
    """Put a delivery in line again, due now and with all of its time. Idempotent.

    Raises `Conflict` (code `endpoint_disabled`).
    """
    delivery = get_delivery(session, workspace_id, delivery_id)
    endpoint = lock_endpoint(session, delivery.endpoint_id)
    if not endpoint.is_enabled:
        raise Conflict("endpoint_disabled", "This endpoint is disabled. Enable it first.")
    delivery = lock_row(session, Delivery, delivery_id, code=_NOT_FOUND)
    delivery.state = DeliveryState.PENDING
    delivery.settled_at = None
    delivery.attempt_count = 0
    delivery.due_at = now()
    delivery.gives_up_at = delivery.due_at + outbox.GIVE_UP_AFTER
    due = DeliveryDue(workspace_id, delivery.endpoint_id, delivery.subject_id)
    outbox.wake(session, due)
    return delivery


def list_overdue(session: Session, *, due_before: datetime, limit: int) -> Sequence[DeliveryDue]:
    """Lines in which nothing is planned any more: their workflow was never woken, or is lost.

    Endpoints take turns, each with its oldest line first: one with many hides no other's.
    """
    line = (Delivery.workspace_id, Delivery.endpoint_id, Delivery.subject_id)
    planned = func.max(col(Delivery.due_at))
    turn = func.row_number().over(partition_by=col(Delivery.endpoint_id), order_by=planned)
    query = (
        select(*line)
        .where(Delivery.state == DeliveryState.PENDING)
        .group_by(*line)
        .having(planned < due_before)
        .order_by(turn, planned)
        .limit(limit)
    )
    return [DeliveryDue(*row) for row in session.exec(query)]


def _settle(delivery: Delivery, state: DeliveryState) -> None:
    delivery.state = state
    delivery.settled_at = now()
