"""Connections and the organizations that label them."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, cast

from pydantic import Field

from api.schemas.base import Answer, Body, Id, Label, Page, example, find_patch_faults
from domain.grants import GrantEnd
from domain.states import ConnectionHealth, TokenLife
from store.queries.access.connections import ConnectionChanges

_ORGANIZATION = "01a21225-0e1d-7a2d-8e5b-3c1f9a7d6e4b"
_CONNECTION = "01a21278-b07a-7d0f-8d1f-4a52c1b0e3a7"

_ORGANIZATION_EXAMPLE = {
    "id": _ORGANIZATION,
    "name": "Blue Door Bakery",
    "externalId": "customer-1017",
    "createdAt": "2026-11-22T12:00:00Z",
}
_CONNECTION_EXAMPLE = {
    "id": _CONNECTION,
    "platform": "youtube",
    "accountId": "UCq0example",
    "name": "Blue Door Bakery",
    "handle": "@bluedoorbakery",
    "thumbnailUrl": "https://yt3.ggpht.com/example",
    "organizationId": _ORGANIZATION,
    "externalId": "customer-1017",
    "isActive": True,
    "health": "healthy",
    "healthReason": None,
    "healthSince": "2026-11-22T12:00:00Z",
    "healthUntil": None,
    "checkedAt": "2026-11-23T12:00:00Z",
    "reauthUrl": None,
    "tokenLife": "renewed",
    "tokenExpiresAt": "2026-11-23T13:00:00Z",
    "grantExpiresAt": None,
    "dataAccessEndsAt": None,
    "scopes": ["https://www.googleapis.com/auth/youtube.upload"],
    "createdAt": "2026-11-22T12:00:00Z",
    "connectedAt": "2026-11-22T12:00:00Z",
}


class OrganizationRequest(Body):
    model_config = example(name="Blue Door Bakery", externalId="customer-1017")

    name: Label
    external_id: Label | None = Field(None, description="Your own name for it.")


class OrganizationView(Answer):
    model_config = example(**_ORGANIZATION_EXAMPLE)

    id: str
    name: str
    external_id: str | None
    created_at: datetime


class OrganizationList(Page):
    model_config = example(items=[_ORGANIZATION_EXAMPLE], total=1, page=1, limit=50)

    items: list[OrganizationView]


class ConnectionView(Answer):
    model_config = example(**_CONNECTION_EXAMPLE)

    id: str = Field(description="Never changes, also when it is authorized again.")
    platform: str
    account_id: str = Field(description="The platform's own id of the channel or Page.")
    name: str
    handle: str | None
    thumbnail_url: str | None
    organization_id: str | None
    external_id: str | None
    is_active: bool
    health: ConnectionHealth
    health_reason: str | None
    health_since: datetime
    health_until: datetime | None = Field(
        description="When a connection that is `expiring` will need a person; until when one that "
        "is `disconnected` with the reason `unconfirmed` can be confirmed."
    )
    checked_at: datetime | None = Field(description="When the platform last said how it is.")
    reauth_url: str | None = Field(
        None,
        description="Where a person is needed, or will be: the link to authorize it again. "
        "Following it makes a ticket; add `redirectUrl` to get the browser back.",
    )
    token_life: TokenLife = Field(
        description="renewed: by Castline, whenever it is needed. permanent: it has no end in "
        "time. limited: it ends on a date, and then a person is needed."
    )
    token_expires_at: datetime | None = Field(
        description="When the present access token ends; a renewed one follows it by itself."
    )
    grant_expires_at: datetime | None = Field(
        description="When the whole consent ends, where the platform says so."
    )
    data_access_ends_at: datetime | None = Field(
        description="When the platform wants to see the person again before it gives out more of "
        "their data, as it was last read. Publishing may well go on after it."
    )
    scopes: list[str] = Field(description="What was granted.")
    created_at: datetime
    connected_at: datetime = Field(description="The latest consent.")


class ConnectionList(Page):
    model_config = example(items=[_CONNECTION_EXAMPLE], total=1, page=1, limit=50)

    items: list[ConnectionView]


class DisconnectedView(Answer):
    model_config = example(grant="released", cancelled=3, beingCancelled=0, pastStopping=1)

    grant: GrantEnd = Field(
        description="released: Castline has erased the credential; the grant is revoked at the "
        "platform with the last connection of the installation that uses it. ended_before: the "
        "connection was known to be dead or disconnected. left_to_others: other connections of "
        "this workspace use the grant."
    )
    cancelled: int = Field(description="Assignments that have ended by this.")
    being_cancelled: int = Field(description="Assignments that are about to end by it.")
    past_stopping: int = Field(
        description="Assignments whose bytes the platform has, or may have, when this is asked: "
        "they are not cancelled. What is left to be done or asked there cannot be any more, so one "
        "ends as published with a warning, or as failed with the code disconnected."
    )


class ConnectionPatch(Body):
    """Only the fields that are there are changed."""

    model_config = example(name="Bakery, main channel", externalId=None)

    name: Label | None = None
    external_id: Label | None = None
    organization_id: Id | None = None
    is_active: bool | None = None

    @classmethod
    def find_faults(cls, given: Mapping[str, Any]) -> Iterator[tuple[str | None, str]]:
        yield from find_patch_faults(cls, given, not_null=("name", "is_active"))

    @property
    def changes(self) -> ConnectionChanges:
        return cast(ConnectionChanges, self.model_dump(exclude_unset=True))


class ChannelView(Answer):
    model_config = example(
        id="UCq0example",
        title="Blue Door Bakery",
        description="Bread, mostly.",
        followerCount=1204,
        thumbnailUrl="https://yt3.ggpht.com/example",
    )

    id: str
    title: str
    description: str
    follower_count: int | None = Field(description="Subscribers or followers; null when hidden.")
    thumbnail_url: str | None
