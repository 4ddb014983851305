"""The browser's way through a consent: to the platform's page and back.

A consent page is bound to the browser by a cookie and to the ticket by a random state; a
callback that lacks either changes nothing. A repeated callback gets the first answer,
because the redemption is named after the callback itself. How it ended is told to the
ticket's own redirect address, which was checked when the ticket was opened.
"""

import hashlib
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar, TypeVarTuple

from activities.access.connecting import outcome_of, ticket_input
from activities.contract.tickets import Refusal, TicketOutcome
from api.context import Context, on_loop
from domain.errors import Conflict, InvalidRequest, NotFound
from domain.secrets import Secret
from domain.states import TicketState
from runtime.answers import Closed
from store.queries.access import tickets
from store.tables import Ticket, now

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")

_DENIALS = frozenset({"access_denied", "scope_missing"})
"""What the person withheld: all of it, or a box that publishing needs."""


@dataclass(frozen=True, slots=True)
class ConsentPage:
    """Where to send the browser, and the cookie that binds it."""

    url: str
    browser: Secret


@dataclass(frozen=True, slots=True)
class Callback:
    """What the platform's redirect brought, and the redirect URI at which it arrived."""

    url: str
    state: str | None
    code: str | None
    error: str | None
    issuers: tuple[str, ...] = ()
    """Every `iss` of the query; empty where the platform sends none."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a ticket's consent ended."""

    ticket: Ticket
    connection_ids: list[str] = field(default_factory=list)
    error: str | None = None
    """One of `access_denied`, `ticket_expired`, `invalid_ticket`, `platform_error`."""
    reason: str | None = None
    """Our own code for what happened."""

    @property
    def result(self) -> dict[str, str]:
        """What is added to the redirect address."""
        ids = self.connection_ids
        # Of an error, the connection that was to be authorized again.
        first = ids[0] if ids else self.ticket.connection_id
        named = {"ticketId": self.ticket.id, **({"connectionId": first} if first else {})}
        if self.error is None:
            return {**named, "connectionIds": ",".join(ids), "status": "success"}
        reason = {"reason": self.reason} if self.reason else {}
        return {**named, "status": "error", "error": self.error, **reason}


def begin(
    here: Context, *, platform: str, ticket_id: str, browser: Secret | None
) -> ConsentPage | Ending:
    """Move the ticket to consenting. Opening the page again makes the earlier one worthless.

    Raises `InvalidRequest` (code `invalid_ticket`) where no redirect address can be trusted.
    """
    ticket = _get_ticket(here, platform, ticket_id)
    if TicketState(ticket.state).has_outcome:
        return _used_up(ticket)
    state, verifier = Secret(secrets.token_urlsafe(32)), Secret(secrets.token_urlsafe(64))
    browser = browser or Secret(secrets.token_urlsafe(32))
    try:
        is_asked = _needs_workflow(ticket)
        if ticket.state == TicketState.OPEN:
            # Idempotent, and repairs a ticket that was opened while Temporal was away.
            on_loop(here.lifecycles.start_ticket, ticket_input(ticket))
        if is_asked:
            _ask(here, ticket, here.lifecycles.begin_consent)
        with here.store.write() as session:
            tickets.begin_consent(
                session,
                here.vault,
                ticket.id,
                state=state,
                browser=browser,
                verifier=verifier,
                replaces_callback=is_asked,
            )
    except Conflict as conflict:
        return _refused(ticket, conflict)
    url = here.registry.get(platform).consent_url(
        state=state, redirect_uri=ticket.callback_url, verifier=verifier
    )
    return ConsentPage(url, browser)


def conclude(here: Context, callback: Callback, *, browser: Secret | None) -> Ending:
    """Take in the platform's callback. A retry gives the same ending.

    A callback of another browser or of another issuer (RFC 9207) is refused and changes
    nothing: the ticket still waits for its own callback. Raises `InvalidRequest` for a callback
    that names no ticket whose consent was begun with this redirect URI: there is nowhere to
    send the browser.
    """
    state, code, error = callback.state, callback.code, callback.error
    if not state or not (code or error):
        raise InvalidRequest(
            "empty_callback", "This page is where the platform sends you after a consent."
        )
    with here.store.read() as session:
        ticket = tickets.find_ticket_by_state(session, Secret(state))
    # Each surface has a redirect URI of its own, which also names the platform.
    if ticket is None or ticket.callback_url != callback.url:
        raise _unknown_ticket()
    if not tickets.browser_matches(ticket, browser):
        return Ending(ticket, error="invalid_ticket", reason="other_browser")
    if not here.registry.get(ticket.platform).issuers.issuperset(callback.issuers):
        return Ending(ticket, error="invalid_ticket", reason="wrong_issuer")
    answer = f"error={error}" if error else f"code={code}"
    digest = hashlib.sha256(f"{state}|{answer}".encode()).hexdigest()
    with here.store.write() as session:
        claimed = tickets.claim_callback(
            session,
            here.vault,
            ticket.id,
            callback_digest=digest,
            code=None if error else Secret(code or ""),
        )
        ticket = tickets.get_ticket(session, ticket.id)
    if not claimed:
        return _used_up(ticket)
    if TicketState(ticket.state).has_outcome:
        return _ending(ticket, outcome_of(ticket))
    try:
        if error:
            outcome = _ask(here, ticket, here.lifecycles.refuse, digest, _refusal(error))
        else:
            outcome = _ask(here, ticket, here.lifecycles.redeem, digest)
    except Conflict as conflict:
        return _refused(ticket, conflict)
    return _ending(ticket, outcome)


def _ask(
    here: Context,
    ticket: Ticket,
    question: Callable[[str, *Arguments], Coroutine[Any, Any, T]],
    *arguments: *Arguments,
) -> T:
    """Ask the ticket's workflow. Where it is gone, another run is started first and asked."""
    try:
        return on_loop(question, ticket.id, *arguments)
    except Closed:
        on_loop(here.lifecycles.continue_ticket, ticket_input(ticket))
        return on_loop(question, ticket.id, *arguments)


def _needs_workflow(ticket: Ticket) -> bool:
    """False for a ticket that is known to be consenting: the visit must not reach its workflow.

    Anybody may open a consent page without end, and each Update stays in the history.
    """
    is_consenting = ticket.state == TicketState.CONSENTING and ticket.expires_at > now()
    return not is_consenting or ticket.callback_digest is not None


def _get_ticket(here: Context, platform: str, ticket_id: str) -> Ticket:
    try:
        with here.store.read() as session:
            ticket = tickets.get_ticket(session, ticket_id)
    except NotFound:
        raise _unknown_ticket() from None
    if ticket.platform != platform:
        raise _unknown_ticket()
    return ticket


def _unknown_ticket() -> InvalidRequest:
    return InvalidRequest(
        "invalid_ticket",
        "This link is not valid, or a newer one has replaced it. "
        "Go back to where you came from and start again.",
    )


def _refusal(error: str) -> Refusal:
    # The platform's word comes through the browser's address bar, so it is not repeated.
    if error == "access_denied":
        return Refusal("access_denied", "The consent was refused.")
    return Refusal("consent_failed", "The platform ended the consent with an error.")


def _used_up(ticket: Ticket) -> Ending:
    has_run_out = ticket.expires_at <= now() and ticket.callback_digest is None
    is_expired = ticket.state == TicketState.EXPIRED or (
        has_run_out and not TicketState(ticket.state).has_outcome
    )
    code = "ticket_expired" if is_expired else "ticket_used"
    return _refused(ticket, Conflict(code, "This ticket has been used or has expired."))


def _refused(ticket: Ticket, conflict: Conflict) -> Ending:
    error = "ticket_expired" if conflict.code == "ticket_expired" else "invalid_ticket"
    return Ending(ticket, error=error, reason=conflict.code)


def _ending(ticket: Ticket, outcome: TicketOutcome) -> Ending:
    if outcome.state in (TicketState.CONNECTED, TicketState.CONFIRMING):
        return Ending(ticket, connection_ids=outcome.connection_ids)
    if outcome.state is TicketState.EXPIRED:
        return Ending(ticket, error="ticket_expired", reason="ticket_expired")
    error = "access_denied" if outcome.error_code in _DENIALS else "platform_error"
    return Ending(ticket, error=error, reason=outcome.error_code)
