"""What an exchange that fails makes of its ticket, and what the log says of it."""

import logging
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.testing import ActivityEnvironment

from activities.access.connecting import TicketActivities
from activities.contract.tickets import Refusal, TicketOutcome
from domain.errors import (
    PlatformError,
    PlatformMisconfigured,
    PlatformRefusal,
    ReauthorizationNeeded,
)
from domain.explanations import EXPLANATIONS, ErrorDetail
from domain.secrets import Secret
from domain.states import TicketState
from platforms.protocol import Credential
from platforms.registry import Registry
from store.queries.access import tickets
from store.tables import Ticket
from tests.activities.conftest import DirectedPlatform, Installation


class Refusing(DirectedPlatform):
    """Its token endpoint answers every code with one error."""

    def __init__(self, error: PlatformError) -> None:
        super().__init__()
        self.error = error

    def redeem(self, *, code: Secret, redirect_uri: str, verifier: Secret) -> Credential:
        raise self.error


def claimed_ticket(here: Installation) -> Ticket:
    with here.store.write() as session:
        ticket = tickets.create_ticket(
            session,
            workspace_id=here.workspace.id,
            platform="youtube",
            redirect_url=None,
            callback_url="http://127.0.0.1/callback",
            expires_at=datetime.now(UTC) + timedelta(minutes=5),
        )
        tickets.begin_consent(session, ticket.id)
        tickets.claim_callback(
            session,
            here.vault,
            ticket.id,
            callback_digest="d",
            browser=Secret("browser"),
            verifier=Secret("verifier"),
            code=Secret("4/0Acode"),
        )
    return ticket


def connect(here: Installation, error: PlatformError) -> TicketOutcome:
    activities = TicketActivities(here.store, here.vault, Registry({"youtube": Refusing(error)}))
    run = ActivityEnvironment().run
    outcome: TicketOutcome = run(activities.connect, claimed_ticket(here).id).outcome
    return outcome


@pytest.mark.parametrize(
    "word",
    [
        "invalid_client",
        "deleted_client",
        "redirect_uri_mismatch",
        "unauthorized_client",
        "invalid_scope",
        "invalid_request",
        "org_internal",
    ],
)
def test_a_word_of_the_token_endpoint_goes_through_the_same_table(
    installation: Installation, word: str
) -> None:
    error = PlatformMisconfigured("oauth_client_rejected", "For the operator.", reason=word)
    outcome = connect(installation, error)
    assert (outcome.state, outcome.error_detail) == (TicketState.FAILED, word)
    assert (outcome.error_code, outcome.platform_word) == ("oauth_client_rejected", word)
    # The person's sentence, not the operator's.
    assert outcome.error is not None
    assert "Google" in outcome.error or "application" in outcome.error


@pytest.mark.parametrize(
    ("error", "state", "detail"),
    [
        (
            PlatformRefusal("code_rejected", "Too old.", reason="invalid_grant"),
            TicketState.FAILED,
            "code_rejected",
        ),
        (
            ReauthorizationNeeded("scope_missing", "No upload."),
            TicketState.REFUSED,
            "scope_missing",
        ),
        (
            PlatformMisconfigured("oauth_client_rejected", "?", reason="unheard_of"),
            TicketState.FAILED,
            "app_misconfigured",
        ),
        (
            # Meta's 1 is a wrong secret at the exchange, and a server error on its page.
            PlatformMisconfigured("app_secret_rejected", "?", reason="1"),
            TicketState.FAILED,
            "invalid_client",
        ),
        (PlatformRefusal("request_rejected", "?"), TicketState.FAILED, "connect_failed"),
    ],
)
def test_our_own_code_decides_before_the_platforms_word(
    installation: Installation, error: PlatformError, state: TicketState, detail: str
) -> None:
    outcome = connect(installation, error)
    assert (outcome.state, outcome.error_detail) == (state, detail)


def settle(here: Installation, outcome: TicketOutcome) -> Ticket:
    activities = TicketActivities(here.store, here.vault, Registry({"youtube": here.platform}))
    ticket = claimed_ticket(here)
    for _ in range(2):
        ActivityEnvironment().run(activities.settle_ticket, ticket.id, outcome)
    with here.store.read() as session:
        return tickets.get_ticket(session, ticket.id)


def test_the_log_has_the_code_and_the_sentence_of_the_ticket_and_what_to_check(
    installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    detail = ErrorDetail.REDIRECT_URI_MISMATCH
    refusal = Refusal(detail, "The address is not registered.", detail, "1349048")
    with caplog.at_level(logging.INFO, logger="castline.consents"):
        ticket = settle(installation, refusal.outcome)
    assert (ticket.error_detail, ticket.platform_word) == (detail, "1349048")
    # One line, although the activity ran twice.
    (record,) = caplog.records
    line = record.getMessage()
    assert record.levelno == logging.WARNING
    for part in (ticket.id, "youtube", detail, ticket.error, "The platform said 1349048."):
        assert part is not None
        assert part in line
    assert line.endswith(f"Check: {EXPLANATIONS[detail].check}")


def test_a_refusal_is_no_warning(
    installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    detail = ErrorDetail.ACCESS_DENIED
    with caplog.at_level(logging.INFO, logger="castline.consents"):
        settle(installation, Refusal(detail, "The consent was refused.", detail).outcome)
    (record,) = caplog.records
    assert record.levelno == logging.INFO
    assert "Check" not in record.getMessage()
