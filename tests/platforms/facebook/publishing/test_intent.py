"""What a finish asks of Facebook, by how far ahead the time of publication is when it leaves."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.moments import to_rfc3339
from platforms.facebook.limits import SOONEST
from platforms.facebook.publishing.intent import Intent, said_of

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ahead", "intent"),
    [
        (timedelta(minutes=1), Intent.SCHEDULED),
        (timedelta(seconds=31), Intent.SCHEDULED),
        # Nearer than Facebook takes when the request has arrived: it would refuse the finish.
        (timedelta(seconds=20), Intent.DRAFT),
        (timedelta(milliseconds=900), Intent.DRAFT),
        (timedelta(), Intent.DRAFT),
        (-SOONEST, Intent.DRAFT),
    ],
)
def test_a_time_that_is_too_near_on_arrival_is_not_sent(ahead: timedelta, intent: Intent) -> None:
    payload = {"publishAt": to_rfc3339(NOW + SOONEST + ahead)}
    asked, said = said_of(payload, NOW)
    assert asked is intent
    assert (said["scheduled_publish_time"] is not None) == (intent is Intent.SCHEDULED)
