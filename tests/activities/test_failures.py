"""What of an error reaches Temporal's history."""

from collections.abc import Callable

import pytest
from temporalio.api.failure.v1 import Failure
from temporalio.converter import DefaultFailureConverter, PayloadConverter
from temporalio.exceptions import ApplicationError

from activities.contract.trouble import Kind
from activities.failures import failure_of, translated
from domain.errors import PlatformUnavailable, SourceUnreachable, SourceUnusable

TOKEN = "".join(["ya29", ".", "secret"])
"""Put together here: a stack trace shows the lines of the code that raised."""


def bug() -> None:
    raise RuntimeError(f"GET https://graph.example/me?access_token={TOKEN}")


def unavailable() -> None:
    try:
        bug()
    except RuntimeError as error:
        raise PlatformUnavailable("platform_unavailable", "The platform is away.") from error


@pytest.mark.parametrize("fail", [bug, unavailable])
def test_nothing_that_a_library_wrote_reaches_history(fail: Callable[[], None]) -> None:
    with pytest.raises(ApplicationError) as raised:
        translated(fail)()
    failure = Failure()
    DefaultFailureConverter().to_failure(raised.value, PayloadConverter.default, failure)
    assert TOKEN not in str(failure)
    assert not failure.HasField("cause")


@pytest.mark.parametrize(
    ("error", "kind", "is_retried"),
    [
        (SourceUnreachable("source_unreachable", "Away."), Kind.NEEDS_SOURCE, True),
        (SourceUnusable("source_refused", "404."), Kind.NEEDS_SOURCE, False),
        (SourceUnusable("source_missing", "Not there."), Kind.NEEDS_SOURCE, False),
        (SourceUnusable("source_changed", "Changed."), Kind.REFUSED, False),
        (SourceUnusable("source_not_allowed", "Not allowed."), Kind.REFUSED, False),
        (SourceUnusable("source_is_a_page", "A page."), Kind.NEEDS_SOURCE, False),
        (SourceUnusable("attachment_changed", "Changed."), Kind.REFUSED, False),
    ],
    ids=lambda value: getattr(value, "code", None),
)
def test_only_a_source_that_may_come_back_is_waited_for(
    error: SourceUnreachable | SourceUnusable, kind: Kind, *, is_retried: bool
) -> None:
    failure = failure_of(error)
    assert (failure.type, failure.non_retryable) == (kind, not is_retried)
