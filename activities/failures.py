"""The first of the two translations of errors: `domain.errors` into ApplicationError.

Whatever an activity raises passes here, so the table below is all there is to know about
what is retried and what is parked. Messages, details and causes are rebuilt from our own
words: nothing that a platform or a library wrote reaches history.
"""

import functools
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory, CancelledError

from activities.contract.trouble import Kind, Trouble
from domain import errors

KINDS: dict[type[errors.CastlineError], Kind] = {
    errors.SourceUnreachable: Kind.NEEDS_SOURCE,
    errors.SourceSlow: Kind.SLOW_SOURCE,
    errors.Unavailable: Kind.TRANSIENT,
    errors.DatabaseUnavailable: Kind.TRANSIENT,
    errors.InsufficientStorage: Kind.TRANSIENT,
    errors.PlatformUnavailable: Kind.TRANSIENT,
    errors.Unconfirmed: Kind.UNCONFIRMED,
    errors.SessionLost: Kind.TRANSIENT,
    errors.QuotaExhausted: Kind.NEEDS_QUOTA,
    errors.NotDue: Kind.NOT_DUE,
    errors.ReauthorizationNeeded: Kind.NEEDS_CONNECTION,
    errors.PlatformMisconfigured: Kind.NEEDS_OPERATOR,
    errors.PlatformNotConfigured: Kind.NEEDS_OPERATOR,
    errors.SourceUnusable: Kind.REFUSED,
    errors.PlatformRefusal: Kind.REFUSED,
    errors.InvalidRequest: Kind.REFUSED,
    errors.NotFound: Kind.REFUSED,
    errors.Conflict: Kind.REFUSED,
}
"""Anything else, which is a bug, is transient: it is retried, never lost."""

RETRIED = frozenset({Kind.TRANSIENT, Kind.NEEDS_SOURCE})
"""What Temporal tries again, before the workflow decides anything."""

LONGEST_DELAY = timedelta(minutes=5)
"""Who is asked to stay away for longer is parked, where its wait can be seen."""


def failure_of(error: errors.CastlineError) -> ApplicationError:
    kind = _kind_of(error)
    until = error.until if isinstance(error, errors.QuotaExhausted | errors.NotDue) else None
    delay = _delay_of(error)
    if delay is not None and delay > LONGEST_DELAY:
        until, delay = datetime.now(UTC) + delay, None
    return ApplicationError(
        error.sentence,
        Trouble(code=error.code, sentence=error.sentence, remedy=error.remedy, until=until),
        type=kind,
        non_retryable=not _is_retried(error, kind) or until is not None,
        next_retry_delay=delay,
    )


def _kind_of(error: errors.CastlineError) -> Kind:
    if isinstance(error, errors.SourceUnusable) and error.may_pass:
        return Kind.NEEDS_SOURCE
    return KINDS.get(type(error), Kind.TRANSIENT)


def _is_retried(error: errors.CastlineError, kind: Kind) -> bool:
    """False for an origin that has answered: the same answer within seconds tells nothing new."""
    return kind in RETRIED and not isinstance(error, errors.SourceUnusable)


def _delay_of(error: errors.CastlineError) -> timedelta | None:
    if not isinstance(error, errors.PlatformUnavailable) or error.retry_after is None:
        return None
    return timedelta(seconds=error.retry_after)


def not_ready(sentence: str, *, again_in: timedelta) -> ApplicationError:
    """A poll that has to be repeated. Benign: no error is logged and no metric counts it."""
    return ApplicationError(
        sentence,
        type=Kind.PROCESSING,
        next_retry_delay=again_in,
        category=ApplicationErrorCategory.BENIGN,
    )


def over_share(what: str, *, again_in: timedelta | None = None) -> ApplicationError:
    """A workspace that has its share of `what` under way. Benign: nothing was begun."""
    sentence = (
        f"The workspace has as many {what} under way as its share allows. "
        "This one starts when one of them ends."
    )
    return ApplicationError(
        sentence,
        Trouble(code=Kind.OVER_SHARE, sentence=sentence, remedy=errors.Remedy.WAIT),
        type=Kind.OVER_SHARE,
        next_retry_delay=again_in,
        category=ApplicationErrorCategory.BENIGN,
    )


def interrupted() -> ApplicationError:
    """This worker stops; the next one may begin at once."""
    return ApplicationError(
        "The worker was stopped; another one goes on from the platform's offset.",
        type=Kind.INTERRUPTED,
        next_retry_delay=timedelta(milliseconds=100),
        category=ApplicationErrorCategory.BENIGN,
    )


_F = TypeVar("_F", bound=Callable[..., Any])


def translated(method: _F) -> _F:
    """Let nothing but ApplicationErrors of ours leave an activity."""

    @functools.wraps(method)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        try:
            return method(*args, **kwargs)
        except (ApplicationError, CancelledError):
            raise
        except errors.CastlineError as error:
            # `from None` here and below: Temporal writes causes and their messages into history.
            raise failure_of(error) from None
        except Exception as error:
            # The frames, not the message: a library may have put an address with a token into it.
            frames = "".join(traceback.format_tb(error.__traceback__))
            activity.logger.error("unexpected %s in an activity\n%s", type(error).__name__, frames)
            raise ApplicationError(
                f"Castline met an error of its own, {type(error).__name__}: see the worker's log.",
                type=Kind.TRANSIENT,
            ) from None

    return guarded  # type: ignore[return-value]
