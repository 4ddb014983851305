"""Webhook endpoints, and the deliveries to them."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, cast

from pydantic import AfterValidator, Field

from api.schemas.base import Answer, Body, Label, Page, Url, example, find_patch_faults
from domain.events import EventType, kind_of
from domain.states import DeliveryAnswer, DeliveryState
from store.queries.telling.endpoints import EndpointChanges

_ENDPOINT = "01a212a7-206b-7716-b5e4-d3c2b1a09f8e"
_ENDPOINT_EXAMPLE = {
    "id": _ENDPOINT,
    "url": "https://app.example.com/hooks/castline",
    "description": "The backend",
    "eventTypes": ["assignment.*", "connection.needs_reauth"],
    "isEnabled": True,
    "disabledReason": None,
    "failingSince": None,
    "oldSecretEndsAt": None,
    "createdAt": "2026-11-22T12:00:00Z",
}
_DELIVERY_EXAMPLE = {
    "id": "01a21228-c22d-7978-8796-a5b4c3d2e1f0",
    "endpointId": _ENDPOINT,
    "eventId": "01a21271-79e8-7c40-8b01-13c4e4047a57",
    "subjectId": "01a21238-d23d-7988-97a6-b5c4d3e2f100",
    "number": 1042,
    "url": None,
    "state": "pending",
    "attempts": [
        {"at": "2026-11-22T12:00:01Z", "answer": "refused", "status": 503, "milliseconds": 41}
    ],
    "attemptCount": 1,
    "dueAt": "2026-11-22T12:00:06Z",
    "givesUpAt": "2026-11-25T12:00:00Z",
    "createdAt": "2026-11-22T12:00:00Z",
    "settledAt": None,
}
_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAAAAAAAAAAA="  # noqa: S105  # shows its form

_KINDS = frozenset(map(kind_of, EventType))


def _is_known(type: str) -> str:
    if type not in _KINDS and type not in frozenset(EventType):
        raise ValueError(
            f"There are no such events. All of a kind are: {', '.join(sorted(_KINDS))}."
        )
    return type


Told = Annotated[str, Field(max_length=64), AfterValidator(_is_known)]


class EndpointRequest(Body):
    model_config = example(
        url="https://app.example.com/hooks/castline",
        description="The backend",
        eventTypes=["assignment.*", "connection.needs_reauth"],
    )

    url: Url | None = Field(
        None,
        description="An https URL on a public address. Without one it is the endpoint that stands "
        "for the callbackUrl of each assignment: there is one, and asking again gives it again.",
    )
    description: Label | None = None
    event_types: list[Told] = Field(
        default_factory=list,
        max_length=50,
        description="What is told: a type, or all of a kind (`assignment.*`). Empty: everything.",
    )

    @classmethod
    def find_faults(cls, given: Mapping[str, Any]) -> Iterator[tuple[str | None, str]]:
        if given.get("url") is None and (given.get("description") or given.get("event_types")):
            yield None, "Without a url there is nothing else to say."


class EndpointPatch(Body):
    """Only the fields that are there are changed."""

    model_config = example(isEnabled=True)

    url: Url | None = None
    description: Label | None = None
    event_types: list[Told] | None = Field(None, max_length=50)
    is_enabled: bool | None = Field(
        None,
        description="false: nothing is told, nor what stands in line. true: it begins anew.",
    )

    @classmethod
    def find_faults(cls, given: Mapping[str, Any]) -> Iterator[tuple[str | None, str]]:
        yield from find_patch_faults(cls, given, not_null=("url", "event_types", "is_enabled"))

    @property
    def changes(self) -> EndpointChanges:
        return cast(EndpointChanges, self.model_dump(exclude_unset=True))


class EndpointView(Answer):
    model_config = example(**_ENDPOINT_EXAMPLE)

    id: str
    url: str | None = Field(description="null: it stands for the callbackUrl of each assignment.")
    description: str | None
    event_types: list[str] = Field(description="Empty: everything.")
    is_enabled: bool
    disabled_reason: str | None = Field(
        description="Why Castline disabled it: what came of the last try."
    )
    failing_since: datetime | None = Field(description="null while it answers.")
    old_secret_ends_at: datetime | None = Field(
        description="Until then the secret before signs beside the present one."
    )
    created_at: datetime


class EndpointList(Page):
    model_config = example(items=[_ENDPOINT_EXAMPLE], total=1, page=1, limit=50)

    items: list[EndpointView]


class SecretRotation(Body):
    model_config = example(overlapHours=24)

    overlap_hours: float = Field(
        24.0,
        ge=0,
        le=720,
        description="How long the present secret signs beside the new one. 0: not at all.",
    )


class SecretView(Answer):
    model_config = example(secret=_SECRET, oldSecretEndsAt=None)

    secret: str = Field(description="As the libraries of Standard Webhooks take it.")
    old_secret_ends_at: datetime | None


class AttemptView(Answer):
    model_config = example(at="2026-11-22T12:00:01Z", answer="refused", status=503, milliseconds=41)

    at: datetime
    answer: DeliveryAnswer
    status: int | None = Field(description="The HTTP status, where there was one.")
    milliseconds: int


class DeliveryView(Answer):
    model_config = example(**_DELIVERY_EXAMPLE)

    id: str
    endpoint_id: str
    event_id: str
    subject_id: str
    number: int = Field(description="The event's. About one subject an endpoint is told in order.")
    url: str | None = Field(description="The assignment's callbackUrl. null: the endpoint's url.")
    state: DeliveryState
    attempts: list[AttemptView] = Field(description="The latest 20, oldest first.")
    attempt_count: int = Field(description="Since it was put in line.")
    due_at: datetime = Field(description="When it is tried next, while it is pending.")
    gives_up_at: datetime
    created_at: datetime
    settled_at: datetime | None


class DeliveryList(Page):
    model_config = example(items=[_DELIVERY_EXAMPLE], total=1, page=1, limit=50)

    items: list[DeliveryView]
