"""The line before an endpoint, and how it moves on."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from domain.errors import Conflict, NotFound
from domain.events import EventType
from domain.states import DeliveryAnswer, DeliveryState
from domain.wakes import DeliveryDue, Wake
from store import outbox
from store.queries.telling import deliveries, endpoints
from store.queries.telling.events import list_events_after
from store.tables import Delivery, Endpoint, now
from store.vault import Vault
from tests.store.conftest import Tenant

SUBJECT = "con_1"
SOON = timedelta(seconds=5)


@pytest.fixture
def endpoint(tenant: Tenant, vault: Vault) -> Endpoint:
    with tenant.store.write() as session:
        return endpoints.create_endpoint(
            session, vault, workspace_id=tenant.workspace.id, url="https://example.com/"
        )


def tell(tenant: Tenant, times: int = 1, subject: str = SUBJECT) -> None:
    with tenant.store.write() as session:
        for number in range(times):
            outbox.note(
                session,
                outbox.Note(
                    tenant.workspace.id,
                    EventType.CONNECTION_REFRESHED,
                    subject,
                    {"n": number},
                    callback_url="https://example.com/own",
                ),
            )


def first(tenant: Tenant, endpoint: Endpoint, subject: str = SUBJECT) -> Delivery | None:
    with tenant.store.read() as session:
        return deliveries.find_first(session, endpoint.id, subject)


def states(tenant: Tenant) -> list[str]:
    """Of all deliveries, in the order of their events."""
    with tenant.store.read() as session:
        found = deliveries.find_deliveries(session, tenant.workspace.id)
    return [row.state for row in reversed(found.items)]


Try = Callable[..., Delivery]


@pytest.fixture
def attempt(tenant: Tenant, endpoint: Endpoint) -> Try:
    """Log a try of whatever is first in the line."""

    def log(
        answer: DeliveryAnswer = DeliveryAnswer.REFUSED,
        *,
        at: datetime | None = None,
        of: Endpoint = endpoint,
        row: Delivery | None = None,
    ) -> Delivery:
        at = at or now()
        row = row or first(tenant, of)
        assert row is not None
        with tenant.store.write() as session:
            return deliveries.log_attempt(
                session,
                of.id,
                row.id,
                deliveries.Attempt(at, answer, 503, 12),
                next_try=lambda failures: at + failures * SOON,
            )

    return log


def delay(tenant: Tenant, by: timedelta) -> None:
    """As after many failures: the next tries are far away."""
    with tenant.store.write() as session:
        for row in deliveries.find_deliveries(session, tenant.workspace.id).items:
            row.due_at = now() + by


def reread(tenant: Tenant, endpoint: Endpoint) -> Endpoint:
    with tenant.store.read() as session:
        return endpoints.get_endpoint(session, tenant.workspace.id, endpoint.id)


def test_a_line_is_told_in_the_order_of_its_events(
    tenant: Tenant, endpoint: Endpoint, attempt: Try
) -> None:
    tell(tenant, 3)
    told = [attempt(DeliveryAnswer.DELIVERED).number for _ in range(3)]
    assert told == [1, 2, 3]
    assert first(tenant, endpoint) is None
    assert states(tenant) == ["delivered"] * 3


def test_a_failure_moves_the_date_and_keeps_the_turn(
    tenant: Tenant, endpoint: Endpoint, attempt: Try
) -> None:
    tell(tenant, 2)
    row = attempt()
    assert row.state == DeliveryState.PENDING
    assert (row.attempt_count, row.number) == (1, 1)
    assert row.due_at > now()
    assert row.attempts == [
        {
            "at": row.attempts[0]["at"],
            "answer": "refused",
            "status": 503,
            "milliseconds": 12,
        }
    ]
    still = first(tenant, endpoint)
    assert still is not None
    assert still.id == row.id
    assert reread(tenant, endpoint).failing_since is not None
    attempt(DeliveryAnswer.DELIVERED)
    assert reread(tenant, endpoint).failing_since is None


def test_only_the_latest_tries_are_kept(tenant: Tenant, attempt: Try) -> None:
    tell(tenant)
    for _ in range(22):
        row = attempt()
    assert (row.attempt_count, len(row.attempts)) == (22, 20)


def test_the_last_try_is_made_at_the_deadline_and_then_the_next_one_follows(
    tenant: Tenant, endpoint: Endpoint, attempt: Try
) -> None:
    tell(tenant, 2)
    row = first(tenant, endpoint)
    assert row is not None
    late = attempt(at=row.gives_up_at - timedelta(seconds=1))
    assert (late.state, late.due_at) == ("pending", row.gives_up_at)
    over = attempt(at=row.gives_up_at)
    assert over.state == DeliveryState.FAILED
    assert states(tenant) == ["failed", "pending"]


def test_an_endpoint_that_has_failed_for_three_days_is_disabled_and_says_so(
    tenant: Tenant, endpoint: Endpoint, attempt: Try, vault: Vault
) -> None:
    with tenant.store.write() as session:
        other = endpoints.create_endpoint(
            session,
            vault,
            workspace_id=tenant.workspace.id,
            url="https://example.com/",
            event_types=["endpoint.*"],
        )
    tell(tenant, 2)
    row = first(tenant, endpoint)
    assert row is not None
    attempt(at=row.created_at + timedelta(minutes=1))

    attempt(at=row.gives_up_at)

    disabled = reread(tenant, endpoint)
    assert (disabled.is_enabled, disabled.disabled_reason) == (False, "refused")
    with tenant.store.read() as session:
        *_, event = list_events_after(session, tenant.workspace.id, 0, limit=10)
    assert (event.type, event.subject_id) == ("endpoint.disabled", endpoint.id)
    assert event.data["reason"] == "refused"
    assert "url" not in event.data
    assert first(tenant, other, endpoint.id) is not None
    assert states(tenant) == ["failed", "failed", "pending"]


def test_one_that_answers_now_and_then_is_not_disabled(
    tenant: Tenant, endpoint: Endpoint, attempt: Try
) -> None:
    tell(tenant, 2)
    attempt(at=now() - timedelta(days=4))
    attempt(DeliveryAnswer.DELIVERED)
    row = first(tenant, endpoint)
    assert row is not None
    attempt(at=row.gives_up_at)
    assert states(tenant) == ["delivered", "failed"]
    assert reread(tenant, endpoint).is_enabled


def test_one_where_nobody_is_any_more_is_disabled_at_once(
    tenant: Tenant, endpoint: Endpoint, attempt: Try
) -> None:
    tell(tenant, 2)
    attempt(DeliveryAnswer.GONE)
    assert reread(tenant, endpoint).disabled_reason == "gone"
    assert states(tenant) == ["failed", "failed"]


def test_callbacks_are_never_disabled_as_a_whole(
    tenant: Tenant, attempt: Try, vault: Vault
) -> None:
    with tenant.store.write() as session:
        callbacks = endpoints.ensure_callbacks(session, vault, tenant.workspace.id)
    tell(tenant, 2)
    attempt(DeliveryAnswer.GONE, of=callbacks)
    row = first(tenant, callbacks)
    assert row is not None
    attempt(at=row.gives_up_at, of=callbacks)
    kept = reread(tenant, callbacks)
    assert (kept.is_enabled, kept.failing_since) == (True, None)


def test_a_failure_that_comes_late_changes_no_end_and_no_endpoint(
    tenant: Tenant, endpoint: Endpoint, attempt: Try
) -> None:
    tell(tenant)
    told = attempt(DeliveryAnswer.DELIVERED)
    late = attempt(DeliveryAnswer.GONE, row=told)
    assert (late.state, late.settled_at) == (DeliveryState.DELIVERED, told.settled_at)
    assert late.attempt_count == 2
    seen = reread(tenant, endpoint)
    assert (seen.is_enabled, seen.failing_since) == (True, None)


def test_what_came_of_a_try_is_no_matter_once_the_endpoint_is_deleted(
    tenant: Tenant, endpoint: Endpoint
) -> None:
    tell(tenant)
    row = first(tenant, endpoint)
    assert row is not None
    with tenant.store.write() as session:
        endpoints.delete_endpoint(session, tenant.workspace.id, endpoint.id)
    tried = deliveries.Attempt(now(), DeliveryAnswer.DELIVERED, 200, 1)
    with pytest.raises(NotFound), tenant.store.write() as session:
        deliveries.log_attempt(session, endpoint.id, row.id, tried, next_try=lambda _: now())


def test_a_redelivery_comes_first_and_wakes_its_line(
    tenant: Tenant, endpoint: Endpoint, attempt: Try
) -> None:
    woken: list[Wake] = []
    tell(tenant, 2)
    done = attempt(DeliveryAnswer.DELIVERED)
    attempt()
    tenant.store.after_commit = woken.extend

    with tenant.store.write() as session:
        again = deliveries.redeliver(session, tenant.workspace.id, done.id)

    assert (again.state, again.attempt_count, again.settled_at) == ("pending", 0, None)
    assert len(again.attempts) == 1
    assert again.gives_up_at > done.gives_up_at
    assert again.due_at <= now()
    turn = first(tenant, endpoint)
    assert turn is not None
    assert turn.id == done.id
    assert woken == [DeliveryDue(endpoint.workspace_id, endpoint.id, SUBJECT)]


def test_a_redelivery_while_a_try_is_under_way_begins_the_schedule_anew(
    tenant: Tenant, endpoint: Endpoint, attempt: Try
) -> None:
    tell(tenant)
    for _ in range(9):
        sent = attempt()
    with tenant.store.write() as session:
        deliveries.redeliver(session, tenant.workspace.id, sent.id)
    at = now()
    assert attempt(at=at).due_at == at + SOON


def test_the_first_success_after_an_outage_makes_everything_due_and_wakes_it(
    tenant: Tenant, endpoint: Endpoint, attempt: Try
) -> None:
    woken: list[Wake] = []
    tell(tenant)
    tell(tenant, subject="con_2")
    attempt(at=now() + timedelta(hours=1))
    delay(tenant, timedelta(hours=8))
    tenant.store.after_commit = woken.extend

    attempt(DeliveryAnswer.DELIVERED, at=now() + timedelta(hours=2))

    row = first(tenant, endpoint, "con_2")
    assert row is not None
    assert row.due_at <= now()
    assert woken == [DeliveryDue(endpoint.workspace_id, endpoint.id, "con_2")]


def test_a_success_after_a_moment_of_trouble_wakes_nobody(
    tenant: Tenant, endpoint: Endpoint, attempt: Try
) -> None:
    woken: list[Wake] = []
    tell(tenant)
    tell(tenant, subject="con_2")
    at = now()
    attempt(at=at)
    tenant.store.after_commit = woken.extend
    attempt(DeliveryAnswer.DELIVERED, at=at + deliveries.OUTAGE / 2)
    assert woken == []
    assert reread(tenant, endpoint).failing_since is None


@pytest.mark.parametrize("change", [{"url": "https://mended.example/"}, {"is_enabled": True}])
def test_an_endpoint_that_was_mended_is_told_at_once(
    tenant: Tenant, endpoint: Endpoint, change: endpoints.EndpointChanges
) -> None:
    woken: list[Wake] = []
    tell(tenant)
    delay(tenant, timedelta(hours=8))
    tenant.store.after_commit = woken.extend

    with tenant.store.write() as session:
        endpoints.update_endpoint(session, tenant.workspace.id, endpoint.id, **change)

    row = first(tenant, endpoint)
    assert row is not None
    assert row.due_at <= now()
    assert woken == [DeliveryDue(endpoint.workspace_id, endpoint.id, SUBJECT)]


def test_what_stands_before_an_endpoint_that_was_enabled_meanwhile_is_kept(
    tenant: Tenant, endpoint: Endpoint
) -> None:
    tell(tenant)
    with tenant.store.write() as session:
        endpoints.discard_line_of_disabled(session, endpoint.id)
    assert first(tenant, endpoint) is not None


def test_nothing_is_redelivered_to_an_endpoint_that_is_disabled(
    tenant: Tenant, endpoint: Endpoint, attempt: Try
) -> None:
    tell(tenant)
    gone = attempt(DeliveryAnswer.GONE)
    with pytest.raises(Conflict) as raised, tenant.store.write() as session:
        deliveries.redeliver(session, tenant.workspace.id, gone.id)
    assert raised.value.code == "endpoint_disabled"


def test_a_line_is_overdue_when_nothing_in_it_is_planned(
    tenant: Tenant, endpoint: Endpoint, attempt: Try
) -> None:
    def overdue(seconds: float) -> list[DeliveryDue]:
        with tenant.store.read() as session:
            before = now() + timedelta(seconds=seconds)
            return list(deliveries.list_overdue(session, due_before=before, limit=10))

    tell(tenant, 2)
    tell(tenant, 1, "con_2")
    assert overdue(-60) == []
    assert set(overdue(1)) == {
        DeliveryDue(endpoint.workspace_id, endpoint.id, SUBJECT),
        DeliveryDue(endpoint.workspace_id, endpoint.id, "con_2"),
    }
    attempt()  # its next try is planned, though the second in its line was due long ago
    assert overdue(1) == [DeliveryDue(endpoint.workspace_id, endpoint.id, "con_2")]


def test_an_endpoint_with_many_overdue_lines_hides_no_other(
    tenant: Tenant, endpoint: Endpoint, vault: Vault
) -> None:
    for number in range(12):
        tell(tenant, subject=f"asg_{number:02}")
    with tenant.store.write() as session:
        other = endpoints.create_endpoint(
            session, vault, workspace_id=tenant.workspace.id, url="https://example.com/"
        )
    tell(tenant, subject="con_2")

    with tenant.store.read() as session:
        before = now() + timedelta(minutes=1)
        overdue = deliveries.list_overdue(session, due_before=before, limit=3)

    assert DeliveryDue(other.workspace_id, other.id, "con_2") in overdue
    # The oldest of the many come before the newer ones.
    assert DeliveryDue(endpoint.workspace_id, endpoint.id, "asg_00") in overdue
    assert DeliveryDue(endpoint.workspace_id, endpoint.id, "asg_01") in overdue
