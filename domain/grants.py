"""What becomes of a consent at the platform when a connection is ended."""

from enum import StrEnum


class GrantEnd(StrEnum):
    # Revoked at the platform, unless a connection of another workspace uses it. One word for
    # both: a workspace must not learn which accounts the others have connected.
    RELEASED = "released"
    ENDED_BEFORE = "ended_before"  # the connection was known to be dead or disconnected
    LEFT_TO_OTHERS = "left_to_others"  # other connections of the same workspace use it
