"""Ids: one type per noun, so that a checker refuses to mix them up.

An id is a prefix that names its noun and 128 random bits. It says nothing about
its owner or its age, and it cannot be guessed; a ticket's id is what opens the
consent page, so that is a requirement and not a nicety.
"""

import secrets
from typing import NewType

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


def _new(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(16)}"


def new_workspace_id() -> WorkspaceId:
    return WorkspaceId(_new("wsp"))


def new_organization_id() -> OrganizationId:
    return OrganizationId(_new("org"))


def new_key_id() -> KeyId:
    return KeyId(_new("key"))


def new_ticket_id() -> TicketId:
    return TicketId(_new("tkt"))


def new_connection_id() -> ConnectionId:
    return ConnectionId(_new("con"))


def new_video_id() -> VideoId:
    return VideoId(_new("vid"))


def new_upload_id() -> UploadId:
    return UploadId(_new("upl"))


def new_assignment_id() -> AssignmentId:
    return AssignmentId(_new("asg"))


def new_group_id() -> GroupId:
    return GroupId(_new("grp"))


def new_event_id() -> EventId:
    return EventId(_new("evt"))


def new_endpoint_id() -> EndpointId:
    return EndpointId(_new("whe"))


def new_installation_id() -> InstallationId:
    return InstallationId(_new("ins"))


def new_delivery_id() -> DeliveryId:
    return DeliveryId(_new("dlv"))


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
