"""Every way in which Castline says no.

    CastlineError
    ├── InvalidRequest          400  the request is wrong; `details` names the fields
    ├── Unauthorized            401  no key, or not one of ours
    ├── NotFound                404  unknown or foreign, which answer alike
    ├── Conflict                409  the thing's state forbids it
    │   └── NotYet              409  for now: ask again
    │       └── NotDue          409  work was begun before its time
    ├── RequestTimeout          408  the body did not arrive in time
    ├── TooLarge                413  the body is over the limit
    ├── Unprocessable           422  an idempotency key that stands for another body
    ├── TooManyRequests         429  over a rate or a share: try again after `retry_after`
    ├── Unavailable             503  a part of Castline cannot be reached
    ├── InsufficientStorage     507  the disk or a workspace's quota is full
    ├── SourceError                  the video's bytes
    │   ├── SourceUnusable      400  missing, empty, changed or not a video; `may_pass` or permanent
    │   ├── SourceUnreachable   503  the origin does not answer now: passes by itself
    │   └── SourceSlow          503  the origin sends, but below the floor: the slow lane
    └── PlatformError                what YouTube or Facebook answered, classified by its codes
        ├── PlatformUnavailable 503  a blip: try again soon
        │   └── Unconfirmed     503  the video may exist: read, and send nothing
        ├── QuotaExhausted      429  nothing goes before `until`
        ├── ReauthorizationNeeded 409  only a person's consent helps
        ├── PlatformRefusal     422  permanent: the same request is refused again
        ├── SessionLost         409  the upload session is gone
        └── PlatformMisconfigured 500  our app's own credentials or settings; the operator acts
            └── PlatformNotConfigured 409  this installation has no credentials for it

Each class fixes the HTTP status; each error carries a stable `code`, a sentence for
a person and a `remedy`. They are translated twice and nowhere else: into Temporal's
ApplicationError by `activities/failures.py`, into HTTP by `api/problems.py`.
Sentences never hold a secret: what a platform said is quoted only by its codes.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum


class Remedy(StrEnum):
    """Who or what helps."""

    CHANGE = "change"  # change the request and send it again
    WAIT = "wait"  # it passes by itself
    RECONNECT = "reconnect"  # a person authorizes the connection again
    OPERATOR = "operator"  # whoever runs Castline acts
    NONE = "none"


class CastlineError(Exception):
    """The root. Catch it only at the two places that translate."""

    status = 500
    remedy = Remedy.OPERATOR

    def __init__(
        self,
        code: str,
        sentence: str,
        *,
        details: Mapping[str, list[str]] | None = None,
        remedy: Remedy | None = None,
    ) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.details = dict(details or {})
        if remedy is not None:
            self.remedy = remedy


class InvalidRequest(CastlineError):
    status = 400
    remedy = Remedy.CHANGE


class Unauthorized(CastlineError):
    status = 401
    remedy = Remedy.CHANGE


class NotFound(CastlineError):
    status = 404
    remedy = Remedy.CHANGE


class Conflict(CastlineError):
    status = 409
    remedy = Remedy.NONE


class NotYet(Conflict):
    """It is decided without the caller, by `until` (aware, UTC) where that is known."""

    remedy = Remedy.WAIT

    def __init__(self, code: str, sentence: str, *, until: datetime | None = None) -> None:
        super().__init__(code, sentence)
        self.until = until


class RequestTimeout(CastlineError):
    status = 408
    remedy = Remedy.CHANGE


class TooLarge(CastlineError):
    status = 413
    remedy = Remedy.CHANGE


class Unprocessable(CastlineError):
    status = 422
    remedy = Remedy.CHANGE


class TooManyRequests(CastlineError):
    """A caller is over its rate or its share. `retry_after` is in seconds."""

    status = 429
    remedy = Remedy.WAIT

    def __init__(self, code: str, sentence: str, *, retry_after: float) -> None:
        super().__init__(code, sentence)
        self.retry_after = retry_after


class Unavailable(CastlineError):
    status = 503
    remedy = Remedy.WAIT


class DatabaseUnavailable(Unavailable):
    """The database cannot be reached or used. What was being committed may have been committed.

    `reason` names hosts and files: it is for the operator's log and terminal, and not for a
    caller of the API.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(
            "database_unavailable",
            "Castline's database is not available. Send the request again in a moment.",
        )
        self.reason = reason


class InsufficientStorage(CastlineError):
    """Nothing was stored beyond what was acknowledged. The remedy says who frees space."""

    status = 507
    remedy = Remedy.OPERATOR


class NotDue(NotYet):
    """Work was begun before `until`, the time that its row holds."""


class SourceError(CastlineError):
    """Where the bytes lie is the trouble, not where they go."""


class SourceUnusable(SourceError):
    """An address that does not give the bytes. It is refused when it is registered."""

    status = 400
    remedy = Remedy.CHANGE

    @property
    def may_pass(self) -> bool:
        """True where the address may give the bytes later: a transfer waits for that."""
        return self.code in _MAY_PASS


_MAY_PASS = frozenset({"source_refused", "source_missing", "source_is_a_page"})
"""Not replicated yet, a link that has expired (some origins give a page then), a share that is not
mounted: the file may be there in an hour, or a person gives another address."""


class SourceUnreachable(SourceError):
    status = 503
    remedy = Remedy.WAIT


class SourceSlow(SourceError):
    """The source gives less than the floor. The upload continues from its byte in the slow lane."""

    status = 503
    remedy = Remedy.WAIT


class PlatformError(CastlineError):
    """What a platform answered. `code` is ours; the platform's own code is in `reason`."""

    def __init__(
        self,
        code: str,
        sentence: str,
        *,
        reason: str | None = None,
        details: Mapping[str, list[str]] | None = None,
        remedy: Remedy | None = None,
    ) -> None:
        super().__init__(code, sentence, details=details, remedy=remedy)
        self.reason = reason


class PlatformUnavailable(PlatformError):
    """A timeout, a lost connection, a 5xx, a short rate limit.

    `retry_after` in seconds. `tries`: an upload that meets it so often takes it for a
    refusal, where a platform has one code for a bad file and for a bad moment.
    """

    status = 503
    remedy = Remedy.WAIT

    def __init__(
        self,
        code: str,
        sentence: str,
        *,
        reason: str | None = None,
        retry_after: float | None = None,
        tries: int | None = None,
    ) -> None:
        super().__init__(code, sentence, reason=reason)
        self.retry_after = retry_after
        self.tries = tries


class Unconfirmed(PlatformUnavailable):
    """An upload may have made a video, and the platform does not say yet.

    It passes by reading again; sending anything now could make a second video.
    """


class QuotaExhausted(PlatformError):
    """A budget is empty. Nothing of this kind succeeds before `until` (aware, UTC)."""

    status = 429
    remedy = Remedy.WAIT

    def __init__(
        self, code: str, sentence: str, *, until: datetime, reason: str | None = None
    ) -> None:
        super().__init__(code, sentence, reason=reason)
        self.until = until


class ReauthorizationNeeded(PlatformError):
    """The platform's word that the credential is dead or lacks a scope. Never a blip."""

    status = 409
    remedy = Remedy.RECONNECT


class PlatformRefusal(PlatformError):
    status = 422
    remedy = Remedy.CHANGE


class SessionLost(PlatformError):
    """The platform does not know the upload session any more.

    It proves nothing about the video: a session is also forgotten after it finished.
    """

    status = 409
    remedy = Remedy.WAIT


class SessionFound(PlatformUnavailable):
    """The platform knows an upload session again that it had denied, and it made nothing yet.

    It passes by going on with it: what a platform does not show for a moment is not lost.
    """


class PlatformMisconfigured(PlatformError):
    status = 500
    remedy = Remedy.OPERATOR


class PlatformNotConfigured(PlatformMisconfigured):
    """A platform that Castline knows, in an installation without app credentials for it."""

    status = 409
