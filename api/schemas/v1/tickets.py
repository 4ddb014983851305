"""Tickets: permission to run one consent."""

from datetime import datetime

from pydantic import AliasChoices, Field

from api.schemas.base import Answer, Body, Id, Url, example
from domain.explanations import ConsentRemedy, ErrorDetail
from domain.states import TicketState

_CONNECTION = "01a21278-b07a-7d0f-8d1f-4a52c1b0e3a7"
_TICKET = "8c1de23b-7a5f-4c0e-9d6b-5a4f3e2d1c0b"
_LEFT_OUT_EXAMPLE = {
    "accountId": "104857600000042",
    "name": "Blue Door Archive",
    "code": "no_create_content",
    "error": "This person may not publish there.",
}


class TicketRequest(Body):
    model_config = example(platform="youtube", redirectUrl="https://app.example.com/connected")

    platform: str = Field(max_length=32)
    redirect_url: Url = Field(
        description="Where the browser goes afterwards. It must lie on the workspace's allow-list; "
        "its query and its fragment are free. `/api/v1/oauth/done` alone stands for Castline's own "
        "result page."
    )
    connection_id: Id | None = Field(
        None, description="Re-authorize this connection; another account changes nothing."
    )
    organization_id: Id | None = None
    confirm: bool = Field(
        False,
        description="What the consent connects stays inactive until your backend confirms the "
        "ticket, within an hour. It protects a stranger whom one of your users has sent the "
        "`authUrl`: see the confirm call.",
    )


class TicketOpened(Answer):
    model_config = example(
        ticketId=_TICKET,
        authUrl=f"https://castline.example.com/api/v1/oauth/youtube/authorize?ticket={_TICKET}",
        expiresAt="2026-11-22T12:05:00Z",
    )

    ticket_id: str
    auth_url: str = Field(description="Open it in the browser of whoever owns the channel.")
    expires_at: datetime


class LeftOutView(Answer):
    model_config = example(**_LEFT_OUT_EXAMPLE)

    account_id: str
    name: str
    code: str
    error: str = Field(validation_alias=AliasChoices("sentence", "error"))


class TicketView(Answer):
    model_config = example(
        ticketId=_TICKET,
        platform="youtube",
        state="connected",
        errorCode=None,
        errorDetail=None,
        error=None,
        remedy=None,
        platformError=None,
        confirm=False,
        confirmBy=None,
        connectionIds=[_CONNECTION],
        expectedAccount=None,
        leftOut=[_LEFT_OUT_EXAMPLE],
        createdAt="2026-11-22T12:00:00Z",
        expiresAt="2026-11-22T12:05:00Z",
    )

    ticket_id: str = Field(validation_alias=AliasChoices("id", "ticketId"))
    platform: str
    state: TicketState
    error_code: str | None = Field(description="Our own code of what failed. Codes may be added.")
    error_detail: ErrorDetail | None = Field(
        description="Why the consent ended without a connection: one of a closed list, the same as "
        "in the redirect, in the ticket's event and on the page."
    )
    error: str | None = Field(description="What happened, then what to do.")
    remedy: ConsentRemedy | None = Field(
        None,
        description="Who can help. try_again: the person starts again. ask_admin: an administrator "
        "of the person's organization or Page acts first. operator: the platform app, or the "
        "settings for it, are wrong; the log says what to check. none: the person said no.",
    )
    platform_error: str | None = Field(
        validation_alias=AliasChoices("platform_word", "platformError"),
        description="The platform's own word for it, where there was one that is plainly a code.",
    )
    confirm: bool = Field(
        validation_alias=AliasChoices("requires_confirmation", "confirm"),
        description="Whether the connections become active only by the confirm call.",
    )
    confirm_by: datetime | None = Field(
        description="Until when the ticket can be confirmed; set once it is `confirming`."
    )
    connection_ids: list[str] = Field(description="All that the consent connected.")
    expected_account: str | None = Field(
        None,
        description="For a ticket that re-authorizes a connection: the name of the channel or "
        "Page that has to give its consent.",
    )
    left_out: list[LeftOutView] = Field(
        description="The consent's accounts that cannot be published to, each with its reason."
    )
    created_at: datetime
    expires_at: datetime
