"""What an activity's failure tells the workflow that called it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """The type of an activity's failure: what the workflow does about it."""

    TRANSIENT = "transient"  # retried by Temporal; if that ends, parked on the platform
    PROCESSING = "processing"  # not an error: the platform is not ready yet
    INTERRUPTED = "interrupted"  # the worker stops; another goes on
    NEEDS_CONNECTION = "needs_connection"  # parked until a person re-authorizes
    NEEDS_QUOTA = "needs_quota"  # parked until the moment in `Trouble.until`
    NEEDS_SOURCE = "needs_source"  # the source does not give the bytes: parked, for some hours
    SLOW_SOURCE = "slow_source"  # runs again in the slow lane, from its byte
    NOT_DUE = "not_due"  # the row is scheduled for the moment in `Trouble.until`: it is waited for
    OVER_SHARE = "over_share"  # the workspace has its share of these under way: again later
    NEEDS_OPERATOR = "needs_operator"  # parked; our own app's settings are wrong
    UNCONFIRMED = "unconfirmed"  # the video may exist: read again before anything is sent
    REFUSED = "refused"  # permanent


@dataclass(frozen=True, slots=True)
class Trouble:
    """The detail of every failure."""

    code: str
    sentence: str
    remedy: str
    until: datetime | None = None
