"""What of an error reaches Temporal's history."""

from collections.abc import Callable

import pytest
from temporalio.api.failure.v1 import Failure
from temporalio.converter import DefaultFailureConverter, PayloadConverter
from temporalio.exceptions import ApplicationError

from activities.failures import translated
from domain.errors import PlatformUnavailable

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
