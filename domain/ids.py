"""Ids: one type per noun, so that a checker refuses to mix them up.

An id is a UUID. A ticket's id opens the consent page, so it is random from end to end (version
4). All others begin with the moment they were made (version 7), which keeps an index dense.
"""

import re
import secrets
import time
from typing import NewType
from uuid import UUID, uuid4

WorkspaceId = NewType("WorkspaceId", str)
OrganizationId = NewType("OrganizationId", str)
KeyId = NewType("KeyId", str)
TicketId = NewType("TicketId", str)
ConnectionId = NewType("ConnectionId", str)
VideoId = NewType("VideoId", str)
UploadId = NewType("UploadId", str)
AssignmentId = NewType("AssignmentId", str)
GroupId = NewType("GroupId", str)
EventId = NewType("EventId", str)
EndpointId = NewType("EndpointId", str)
DeliveryId = NewType("DeliveryId", str)
InstallationId = NewType("InstallationId", str)
ProcessId = NewType("ProcessId", str)

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def is_id(text: str) -> bool:
    """True for what has the form of an id, as it is written here: in lower case, with hyphens."""
    return _ID.fullmatch(text) is not None


def _new() -> str:
    """A UUID of version 7 (RFC 9562): 48 bits of milliseconds, 74 random ones."""
    bits = time.time_ns() // 1_000_000 << 80 | secrets.randbits(80)
    versioned = bits & ~(0xF << 76) & ~(0b11 << 62) | 7 << 76 | 0b10 << 62
    return str(UUID(int=versioned))


def new_workspace_id() -> WorkspaceId:
    return WorkspaceId(_new())


def new_organization_id() -> OrganizationId:
    return OrganizationId(_new())


def new_key_id() -> KeyId:
    return KeyId(_new())


def new_ticket_id() -> TicketId:
    return TicketId(str(uuid4()))


def new_connection_id() -> ConnectionId:
    return ConnectionId(_new())


def new_video_id() -> VideoId:
    return VideoId(_new())


def new_upload_id() -> UploadId:
    return UploadId(_new())


def new_assignment_id() -> AssignmentId:
    return AssignmentId(_new())


def new_group_id() -> GroupId:
    return GroupId(_new())


def new_event_id() -> EventId:
    return EventId(_new())


def new_endpoint_id() -> EndpointId:
    return EndpointId(_new())


def new_installation_id() -> InstallationId:
    return InstallationId(_new())


def new_delivery_id() -> DeliveryId:
    return DeliveryId(_new())


def new_process_id() -> ProcessId:
    return ProcessId(_new())


CARE = "care"
SCHEDULES = (CARE,)
"""The Schedules. Their runs are called so with the time of their start behind it."""


def ticket_workflow_id(ticket_id: str) -> str:
    return f"ticket/{ticket_id}"


def assignment_workflow_id(assignment_id: str) -> str:
    return f"assignment/{assignment_id}"


def reauth_workflow_id(connection_id: str) -> str:
    return f"reauth/{connection_id}"


def delivery_workflow_id(endpoint_id: str, subject_id: str) -> str:
    return f"delivery/{endpoint_id}/{subject_id}"
