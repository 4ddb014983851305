"""What the extra steps of every platform have in common."""

from collections.abc import Iterator
from contextlib import contextmanager

from domain.errors import PlatformRefusal, ReauthorizationNeeded


@contextmanager
def step_needs_its_scope() -> Iterator[None]:
    """Around the calls of a step: a grant that does not reach so far is its refusal alone.

    Raises `PlatformRefusal` (code `step_not_granted`) for `scope_missing`, since the connection
    is none the worse for publishing. Any other error passes.
    """
    try:
        yield
    except ReauthorizationNeeded as error:
        if error.code != "scope_missing":
            raise
        raise PlatformRefusal(
            "step_not_granted", error.sentence, reason=error.reason, remedy=error.remedy
        ) from None
