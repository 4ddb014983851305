"""Work that was accepted: how much is open, and what is due and does not move."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cli.doctor.installation import Installation
from cli.doctor.lengths import length
from domain.states import WaitReason
from runtime.health.finding import Finding, failed, in_thread, ok
from store.engine import Store
from store.queries.access import tickets
from store.queries.publishing import open_work
from store.queries.publishing.open_work import OpenState
from store.queries.telling import deliveries
from store.tables import Assignment, now

_NAMED = 5
_COUNTED = 1000
_HELPS_WITH_SOURCE = (
    ". Their files are missing or their links have expired: put the files back, or give another "
    "address by PATCH /api/v1/assignments/{id} with mediaUrl"
)
_OVERDUE = timedelta(minutes=15)
"""A ticket or a delivery that should have ended so long ago has lost its workflow."""


async def look_at_open_work(here: Installation) -> list[Finding]:
    """How many assignments are in each state, and how old the oldest is."""
    states = await in_thread(_count_open, await here.store())
    if not states:
        return [ok("open work", "none")]
    return [_describe(state) for state in states]


def _count_open(store: Store) -> Sequence[OpenState]:
    with store.read() as session:
        return open_work.count_open(session)


def _describe(state: OpenState) -> Finding:
    name = f"{state.state} ({state.wait_reason})" if state.wait_reason else str(state.state)
    age, unmoved = (datetime.now(UTC) - moment for moment in (state.oldest, state.longest_unmoved))
    helps = _HELPS_WITH_SOURCE if state.wait_reason == WaitReason.SOURCE else ""
    return ok(
        f"open work: {name}",
        f"{state.count}, the oldest {length(age)} old; at most {length(unmoved)} without a change"
        f"{helps}",
        count=state.count,
        oldestSeconds=round(age.total_seconds()),
        unmovedSeconds=round(unmoved.total_seconds()),
    )


async def look_at_stuck_work(here: Installation) -> list[Finding]:
    """What is due for long and does not move."""
    store = await here.store()
    return [
        await in_thread(_stuck_assignments, store),
        await in_thread(_stuck_tickets, store),
        await in_thread(_stuck_deliveries, store),
    ]


def _stuck_assignments(store: Store) -> Finding:
    with store.read() as session:
        count, rows = open_work.count_stuck(session), open_work.list_stuck(session, limit=_NAMED)
    if not count:
        return ok("stuck assignments", "none", count=0)
    return failed(
        "stuck assignments",
        f"{count} are due and do not move: {_named(rows, count)}",
        "Check that a worker runs; `castline timeline ID` shows what an assignment waits for.",
        count=count,
    )


def _stuck_tickets(store: Store) -> Finding:
    with store.read() as session:
        before = now() - _OVERDUE
        overdue = tickets.list_unsettled_tickets(session, expired_before=before, limit=_COUNTED)
    return _judge_overdue("stuck tickets", len(overdue))


def _stuck_deliveries(store: Store) -> Finding:
    with store.read() as session:
        before = now() - _OVERDUE
        overdue = deliveries.list_overdue(session, due_before=before, limit=_COUNTED)
    return _judge_overdue("stuck deliveries", len(overdue))


def _judge_overdue(subject: str, count: int) -> Finding:
    if not count:
        return ok(subject, "none", count=0)
    some = f"{count} or more" if count == _COUNTED else str(count)
    fact = f"{some} should have ended more than {length(_OVERDUE)} ago"
    return failed(subject, fact, "Check that a worker runs: it repairs them.", count=count)


def _named(rows: Sequence[Assignment], count: int) -> str:
    named = ", ".join(
        f"{row.id} ({row.state}, unmoved for {length(datetime.now(UTC) - row.updated_at)})"
        for row in rows
    )
    return f"{named} and {count - len(rows)} more" if count > len(rows) else named
