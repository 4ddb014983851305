"""The browser's way through a consent: to the platform's page and back.

A consent page is bound to the browser by a cookie and to the ticket by its state; a callback that
lacks either changes nothing. A ticket may have several pages: the first callback wins. A repeated
one gets the same answer, because the redemption is named after the callback itself, and so does
every other visit of the winner's browser. Another browser is told that the ticket is used, never
how it ended: an arrival with `status=success` is what a tenant's backend confirms a ticket by. The
ticket's own redirect address, which was checked when the ticket was opened, gets the result.
"""

import hashlib
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar, TypeVarTuple

from activities.access.connecting import outcome_of, ticket_input
from activities.contract.tickets import Refusal, TicketOutcome
from api.context import Context, on_loop
from api.services.consent_pages import make_page, open_state
from api.services.endings import Ending, Waiting, ending_of, not_configured, refused, used_up
from domain.consents import sentence_of
from domain.errors import Conflict, InvalidRequest, NotFound, PlatformNotConfigured, Unavailable
from domain.explanations import ErrorDetail
from domain.secrets import Secret
from domain.states import TicketState
from platforms.protocol import Platform
from runtime.answers import Closed, answered
from store.queries.access import tickets
from store.tables import Ticket, now

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")

BROWSER_TIMEOUT = timedelta(seconds=5)
"""How long a browser is kept waiting before it is shown a page that says so."""


@dataclass(frozen=True, slots=True)
class ConsentAddress:
    """Where to send the browser, and the cookie that binds it."""

    url: str
    browser: Secret


@dataclass(frozen=True, slots=True)
class Callback:
    """What the platform's redirect brought, and the redirect URI at which it arrived."""

    url: str
    state: str | None
    code: str | None
    words: Mapping[str, str]
    """What the platform says where there is no code: parameters of `platforms.consent`."""
    issuers: tuple[str, ...] = ()
    """Every `iss` of the query; empty where the platform sends none."""


def begin(
    here: Context, *, platform: str, ticket_id: str, cookies: Sequence[Secret]
) -> ConsentAddress | Ending | Waiting:
    """Move the ticket to consenting. Opening the page again gives another page beside the first.

    Raises `InvalidRequest` (code `invalid_ticket`) where no redirect address can be trusted.
    """
    ticket = _get_ticket(here, platform, ticket_id)
    if ticket.callback_digest is not None or TicketState(ticket.state).has_outcome:
        return _come_late(here, ticket, cookies)
    if ticket.expires_at <= now():
        return used_up(ticket)
    try:
        adapter = here.registry.get(platform)
    except PlatformNotConfigured:
        return not_configured(ticket)
    try:
        if ticket.state == TicketState.OPEN:
            # Anybody may open a consent page without end, and each Update stays in the history.
            on_loop(_begin_in_time, here, ticket)
            with here.store.write() as session:
                tickets.begin_consent(session, ticket.id)
    except Conflict as conflict:
        return refused(ticket, conflict)
    except Unavailable as reason:
        return Waiting(ticket, reason, has_code=False)
    page = make_page(here.vault, ticket.id, cookies)
    url = adapter.consent_url(
        state=page.state, redirect_uri=ticket.callback_url, verifier=page.verifier
    )
    return ConsentAddress(url, page.browser)


def conclude(here: Context, callback: Callback, *, cookies: Sequence[Secret]) -> Ending | Waiting:
    """Take in the platform's callback. A retry gives the same ending.

    The code is stored before a worker is asked: while none answers, nothing is lost.

    A callback of another browser or of another issuer (RFC 9207) is refused and changes
    nothing: the ticket still waits for its own callback. Raises `InvalidRequest` for a callback
    that names no ticket whose consent was begun with this redirect URI: there is nowhere to
    send the browser.
    """
    code, words = callback.code, callback.words
    if not callback.state or not (code or words):
        raise InvalidRequest(
            "empty_callback", "This page is where the platform sends you after a consent."
        )
    opened = open_state(here.vault, Secret(callback.state))
    if opened is None:
        raise _unknown_ticket()
    with here.store.read() as session:
        ticket = tickets.find_ticket(session, opened.ticket_id)
    # Each surface has a redirect URI of its own, which also names the platform.
    if ticket is None or ticket.callback_url != callback.url:
        raise _unknown_ticket()
    browser = opened.find_browser(cookies)
    if browser is None:
        return Ending(ticket, error="invalid_ticket", detail=ErrorDetail.OTHER_BROWSER)
    try:
        adapter = here.registry.get(ticket.platform)
    except PlatformNotConfigured:
        return not_configured(ticket)
    if not adapter.issuers.issuperset(callback.issuers):
        return Ending(ticket, error="invalid_ticket", detail=ErrorDetail.WRONG_ISSUER)
    answer = repr(sorted(words.items())) if words else f"code={code}"
    digest = hashlib.sha256(f"{callback.state}|{answer}".encode()).hexdigest()
    with here.store.write() as session:
        claimed = tickets.claim_callback(
            session,
            here.vault,
            ticket.id,
            callback_digest=digest,
            browser=browser,
            verifier=opened.verifier(browser),
            code=None if words else Secret(code or ""),
        )
        ticket = tickets.get_ticket(session, ticket.id)
    if not claimed:
        return _come_late(here, ticket, cookies)
    if TicketState(ticket.state).has_outcome:
        return ending_of(ticket, outcome_of(ticket))
    if not words:
        return _redeem(here, ticket)
    return _refuse(here, ticket, _refusal(adapter, ticket, words))


def _come_late(here: Context, ticket: Ticket, cookies: Sequence[Secret]) -> Ending | Waiting:
    """What a visit gets when a callback holds the ticket, or nothing may any more."""
    if not tickets.is_claimed_by(ticket, cookies):
        return used_up(ticket)
    if TicketState(ticket.state).has_outcome:
        return ending_of(ticket, outcome_of(ticket))
    return _redeem(here, ticket) if tickets.is_claimed(ticket) else used_up(ticket)


def _redeem(here: Context, ticket: Ticket) -> Ending | Waiting:
    """Have the callback redeemed that holds the ticket. Asking again gives the same answer."""
    assert ticket.callback_digest is not None
    try:
        outcome = on_loop(
            _ask_in_time, here, ticket, here.lifecycles.redeem, ticket.callback_digest
        )
    except Conflict as conflict:
        return refused(ticket, conflict)
    except Unavailable as reason:
        return Waiting(ticket, reason, has_code=True)
    return ending_of(ticket, outcome)


def _refuse(here: Context, ticket: Ticket, refusal: Refusal) -> Ending | Waiting:
    assert ticket.callback_digest is not None
    try:
        outcome = on_loop(
            _ask_in_time, here, ticket, here.lifecycles.refuse, ticket.callback_digest, refusal
        )
    except Conflict as conflict:
        return refused(ticket, conflict)
    except Unavailable as reason:
        return Waiting(ticket, reason, has_code=False)
    return ending_of(ticket, outcome)


async def _begin_in_time(here: Context, ticket: Ticket) -> None:
    async def begin() -> None:
        # Idempotent, and repairs a ticket that was opened while Temporal was away.
        await here.lifecycles.start_ticket(ticket_input(ticket))
        await _ask(here, ticket, here.lifecycles.begin_consent)

    await answered(begin(), BROWSER_TIMEOUT)


async def _ask_in_time(
    here: Context,
    ticket: Ticket,
    question: Callable[[str, *Arguments], Coroutine[Any, Any, TicketOutcome]],
    *arguments: *Arguments,
) -> TicketOutcome:
    return await answered(_ask(here, ticket, question, *arguments), BROWSER_TIMEOUT)


async def _ask(
    here: Context,
    ticket: Ticket,
    question: Callable[[str, *Arguments], Coroutine[Any, Any, T]],
    *arguments: *Arguments,
) -> T:
    """Ask the ticket's workflow. Where it is gone, another run is started first and asked."""
    try:
        return await question(ticket.id, *arguments)
    except Closed:
        await here.lifecycles.continue_ticket(ticket_input(ticket))
        return await question(ticket.id, *arguments)


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
        "This link is not valid. Go back to where you came from and start again.",
    )


def _refusal(adapter: Platform, ticket: Ticket, words: Mapping[str, str]) -> Refusal:
    end = adapter.consent_end(words)
    return Refusal(
        error_code=end.detail,
        error=sentence_of(end.detail, ticket.platform),
        error_detail=end.detail,
        platform_word=end.word,
    )
