"""Events: what happened, in the order in which it did."""

from datetime import datetime
from typing import Any

from pydantic import Field

from api.schemas.base import Answer, example
from domain.events import EventType

EVENT_EXAMPLE = {
    "id": "01a21271-79e8-7c40-8b01-13c4e4047a57",
    "number": 1042,
    "type": "connection.needs_reauth",
    "timestamp": "2026-11-22T12:00:00.260391Z",
    "subjectId": "01a21278-b07a-7d0f-8d1f-4a52c1b0e3a7",
    "data": {
        "connectionId": "01a21278-b07a-7d0f-8d1f-4a52c1b0e3a7",
        "platform": "youtube",
        "name": "Blue Door Bakery",
        "health": "needs_reauth",
        "healthReason": "invalid_grant",
        "reauthUrl": "https://castline.example.com/api/v1/oauth/reauth/AWMp0example",
    },
}


class EventView(Answer):
    """The body of a webhook is the same."""

    model_config = example(**EVENT_EXAMPLE)

    id: str = Field(description="The same for everybody who is told of it, on every try.")
    number: int = Field(
        description="Counted per workspace, without a gap, in the order in which things happened."
    )
    type: EventType
    timestamp: datetime = Field(description="When it happened.")
    subject_id: str = Field(
        description="The connection, assignment, ticket or endpoint that it is about."
    )
    data: dict[str, Any] = Field(
        description="How the subject stood at that moment. Where a person is asked for, "
        "`reauthUrl` is the way in, as long as the connection needs one."
    )


class EventList(Answer):
    model_config = example(items=[EVENT_EXAMPLE], next=1042)

    items: list[EventView]
    next: int = Field(description="What to ask for `after` the next time: nothing is missed.")
