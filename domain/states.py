"""States of the lifecycles, and what a reader may conclude from each.

ticket:      open → consenting → connecting → connected | refused | expired | failed
             with `confirm`: connecting → confirming → connected | expired
assignment:  pending → uploading → uploaded → processing → published | failed | cancelled
             `waiting` between any two; `unconfirmed` while an unclear outcome is read back
"""

from enum import StrEnum


class PlatformName(StrEnum):
    YOUTUBE = "youtube"
    FACEBOOK = "facebook"


class TicketState(StrEnum):
    OPEN = "open"
    CONSENTING = "consenting"
    CONNECTING = "connecting"
    CONFIRMING = "confirming"
    CONNECTED = "connected"
    REFUSED = "refused"
    EXPIRED = "expired"
    FAILED = "failed"

    @property
    def is_settled(self) -> bool:
        """True when the ticket is used up, whatever came of it."""
        return self in _SETTLED_TICKETS

    @property
    def has_outcome(self) -> bool:
        """True when the consent is over: what may follow is the tenant's confirmation."""
        return self.is_settled or self is TicketState.CONFIRMING


_SETTLED_TICKETS = frozenset(
    {TicketState.CONNECTED, TicketState.REFUSED, TicketState.EXPIRED, TicketState.FAILED}
)


class AssignmentState(StrEnum):
    PENDING = "pending"
    UPLOADING = "uploading"
    UPLOADED = "uploaded"
    PROCESSING = "processing"
    WAITING = "waiting"
    UNCONFIRMED = "unconfirmed"
    PUBLISHED = "published"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_settled(self) -> bool:
        """True when nothing more happens by itself."""
        return self in _SETTLED_ASSIGNMENTS

    @property
    def may_be_retried(self) -> bool:
        return self in (AssignmentState.FAILED, AssignmentState.CANCELLED)


_SETTLED_ASSIGNMENTS = frozenset(
    {AssignmentState.PUBLISHED, AssignmentState.FAILED, AssignmentState.CANCELLED}
)


class WaitReason(StrEnum):
    """What a waiting assignment waits for."""

    SCHEDULE = "schedule"
    CONNECTION = "connection"
    QUOTA = "quota"
    PLATFORM = "platform"
    SOURCE = "source"


class StepName(StrEnum):
    TRANSFER = "transfer"
    PROCESSING = "processing"
    THUMBNAIL = "thumbnail"
    CAPTIONS = "captions"
    PLAYLIST = "playlist"
    VERIFICATION = "verification"

    @property
    def failed_warning(self) -> str:
        """The code of the warning that the step failed beside a video that is live."""
        return f"{self}_failed"

    @property
    def missing_warning(self) -> str:
        """The code of the warning that a file of the step was not there at acceptance."""
        return f"{self}_missing"


MISSING_WARNINGS = frozenset(step.missing_warning for step in StepName)


class StepState(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ConnectionHealth(StrEnum):
    HEALTHY = "healthy"
    EXPIRING = "expiring"
    NEEDS_REAUTH = "needs_reauth"
    INSUFFICIENT_SCOPE = "insufficient_scope"
    DISCONNECTED = "disconnected"


class TokenLife(StrEnum):
    """What time alone does to a connection's token."""

    RENEWED = "renewed"  # short-lived, and renewed by Castline whenever it is needed
    PERMANENT = "permanent"  # it has no end in time; only an event ends it
    LIMITED = "limited"  # it ends on a date, and then a person is needed


class KnownBy(StrEnum):
    """How it is known that the platform has the whole video."""

    ANSWER = "answer"  # it said so to the request that completed the upload
    READ_BACK = "read_back"  # that answer was lost or unclear, and it was asked
    LISTING = "listing"  # nothing else tells, and it was found among the account's videos
    HISTORY = "history"  # the database was restored, and Temporal's history has it


class DeliveryState(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class DeliveryAnswer(StrEnum):
    """What came of one try to deliver."""

    DELIVERED = "delivered"
    REFUSED = "refused"  # any status but 2xx, a redirect included
    GONE = "gone"  # 410: nobody is there who wants to be told
    TIMED_OUT = "timed_out"
    UNREACHABLE = "unreachable"
    UNTRUSTED = "untrusted"  # nobody vouches for its certificate
    NOT_ALLOWED = "not_allowed"  # its address is not public, or the proxy forbids it
