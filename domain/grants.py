"""What becomes of a consent at the platform when a connection is ended."""

from enum import StrEnum


class GrantEnd(StrEnum):
    REVOKED = "revoked"
    ENDED_BEFORE = "ended_before"  # the platform says that it was dead already
    LEFT_TO_OTHERS = "left_to_others"  # other connections live by it
