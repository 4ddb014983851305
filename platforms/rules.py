"""What one of a platform's error codes means: an entry of an adapter's table.

A rule is a class of `domain.errors`, our stable code and a sentence for a person. An
adapter finds the rule by the platform's codes, never by message text, and `error` makes
the error of it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from domain.errors import (
    PlatformError,
    PlatformRefusal,
    PlatformUnavailable,
    QuotaExhausted,
    Remedy,
)


@dataclass(frozen=True, slots=True)
class Rule:
    """`until` belongs to quotas, `tries` to blips; `field` names the payload's field."""

    kind: type[PlatformError]
    code: str
    sentence: str
    field: str | None = None
    remedy: Remedy | None = None
    until: Callable[[datetime], datetime] | None = None
    tries: int | None = None

    def error(
        self, *, reason: str | None, now: datetime, retry_after: float | None = None
    ) -> PlatformError:
        """The error to raise. `reason` is the platform's own code, `retry_after` in seconds."""
        if self.until is not None:
            return QuotaExhausted(self.code, self.sentence, until=self.until(now), reason=reason)
        if self.kind is PlatformUnavailable:
            return PlatformUnavailable(
                self.code, self.sentence, reason=reason, retry_after=retry_after, tries=self.tries
            )
        details = {self.field: [self.sentence]} if self.field else None
        return self.kind(
            self.code, self.sentence, reason=reason, details=details, remedy=self.remedy
        )


def quota(code: str, sentence: str, until: Callable[[datetime], datetime]) -> Rule:
    return Rule(QuotaExhausted, code, sentence, until=until)


def blip(code: str, sentence: str, *, tries: int | None = None) -> Rule:
    return Rule(PlatformUnavailable, code, sentence, tries=tries)


def refusal(
    code: str, sentence: str, field: str | None = None, remedy: Remedy | None = None
) -> Rule:
    return Rule(PlatformRefusal, code, sentence, field, remedy)
