"""The one step of a ticket: from a consent to connections.

A code works once, so the grant it brings is stored the moment it is had; from there on
everything is repeatable. What the person or the platform decided, such as a missing scope or
the wrong account, comes back as a refused ticket; what may pass by itself is retried.
"""

from temporalio import activity

from activities.access.accounts import connect_account, was_disconnected_since
from activities.access.confirming import hold
from activities.access.consent_ends import end_ticket, settle
from activities.access.packing import pack, unpack
from activities.contract.tickets import Connected, TicketInput, TicketOutcome, TicketSteps
from activities.failures import translated
from domain.accounts import LeftOut
from domain.consents import detail_of, sentence_of
from domain.errors import (
    PlatformError,
    PlatformMisconfigured,
    PlatformRefusal,
    ReauthorizationNeeded,
)
from domain.explanations import EXPLANATIONS, ConsentRemedy, ErrorDetail
from domain.states import TicketState
from platforms.protocol import Accounts, Credential, Platform
from platforms.registry import Registry
from store.engine import Store
from store.queries.access import connections, grants, tickets
from store.tables import Ticket
from store.vault import Vault

_UNSPECIFIC = frozenset({ErrorDetail.APP_MISCONFIGURED, ErrorDetail.CONNECT_FAILED})


class TicketActivities(TicketSteps):
    def __init__(self, store: Store, vault: Vault, registry: Registry) -> None:
        self._store = store
        self._vault = vault
        self._registry = registry

    @activity.defn
    @translated
    def connect(self, ticket_id: str) -> Connected:
        with self._store.write() as session:
            ticket = tickets.begin_connecting(session, ticket_id)
            if ticket.state in (TicketState.CONNECTED, TicketState.CONFIRMING):
                return Connected(outcome_of(ticket))
        platform = self._registry.get(ticket.platform)
        try:
            accounts = platform.accounts(self._grant(ticket, platform))
        except ReauthorizationNeeded as error:
            return Connected(_ended(TicketState.REFUSED, error, platform))
        except (PlatformRefusal, PlatformMisconfigured) as error:
            return Connected(_ended(TicketState.FAILED, error, platform))
        return self._keep(ticket, accounts)

    @activity.defn
    @translated
    def settle_ticket(self, ticket_id: str, outcome: TicketOutcome) -> None:
        end_ticket(self._store, ticket_id, outcome)

    @activity.defn
    @translated
    def is_claimed(self, ticket_id: str) -> bool:
        with self._store.read() as session:
            return tickets.is_claimed(tickets.get_ticket(session, ticket_id))

    def _grant(self, ticket: Ticket, platform: Platform) -> Credential:
        stored = tickets.find_grant(self._vault, ticket)
        if stored is not None:
            return unpack(stored)
        grant = platform.redeem(
            code=tickets.open_code(self._vault, ticket),
            redirect_uri=ticket.callback_url,
            verifier=tickets.open_verifier(self._vault, ticket),
        )
        with self._store.write() as session:
            tickets.keep_grant(session, self._vault, ticket.id, pack(grant))
        return grant

    def _keep(self, ticket: Ticket, accounts: Accounts) -> Connected:
        with self._store.write() as session:
            if ticket.connection_id is not None:
                expected = connections.lock_connection(session, ticket.connection_id)
                if was_disconnected_since(ticket, expected):
                    return Connected(
                        _refused(
                            ErrorDetail.DISCONNECTED,
                            f"{expected.name} was disconnected after this consent was asked for. "
                            "Nothing has changed.",
                        )
                    )
                accounts = _only(expected.account_id, accounts)
                if not accounts.usable and not accounts.left_out:
                    return Connected(
                        _refused(
                            ErrorDetail.WRONG_ACCOUNT,
                            f"This was another account; {expected.name} was expected. "
                            "Nothing has changed.",
                        )
                    )
            left_out = list(accounts.left_out)
            if not accounts.usable:
                return Connected(_nothing_usable(left_out))
            grants.hold_accounts(
                session,
                ticket.workspace_id,
                ticket.platform,
                [account.id for account in accounts.usable],
            )
            if ticket.requires_confirmation:
                return Connected(hold(session, self._vault, ticket, accounts))
            made = [
                connect_account(session, self._vault, ticket, account)
                for account in accounts.usable
            ]
            outcome = TicketOutcome(TicketState.CONNECTED, made, left_out=left_out)
            # In the same transaction: a ticket never ends connected without its connections.
            settle(session, ticket.id, outcome)
            return Connected(outcome)


def outcome_of(ticket: Ticket) -> TicketOutcome:
    """How a ticket's row says that it ended."""
    return TicketOutcome(
        state=TicketState(ticket.state),
        connection_ids=ticket.connection_ids,
        error_code=ticket.error_code,
        error=ticket.error,
        left_out=[LeftOut(**account) for account in ticket.left_out],
        error_detail=None if ticket.error_detail is None else detail_of(ticket.error_detail),
        platform_word=ticket.platform_word,
    )


def ticket_input(ticket: Ticket) -> TicketInput:
    """The input of a ticket's workflow, the same for every caller. Pure."""
    return TicketInput(
        ticket_id=ticket.id,
        workspace_id=ticket.workspace_id,
        platform=ticket.platform,
        expires_at=ticket.expires_at,
    )


def _only(account_id: str, accounts: Accounts) -> Accounts:
    """What the consent says of one account: the others are none of a re-authorization's."""
    return Accounts(
        [account for account in accounts.usable if account.id == account_id],
        [other for other in accounts.left_out if other.account_id == account_id],
    )


def _refused(detail: ErrorDetail, sentence: str) -> TicketOutcome:
    return TicketOutcome(
        TicketState.REFUSED, error_code=detail, error=sentence, error_detail=detail
    )


def _ended(state: TicketState, error: PlatformError, platform: Platform) -> TicketOutcome:
    """What a platform's error makes of a consent.

    Our own code decides; where that only says that the app is wrong, the platform's word says how.
    The sentence of a fault of the app is the table's: the error's own one is for the operator.
    """
    detail = detail_of(error.code)
    word = platform.consent_end({"error": error.reason or ""})
    if detail in _UNSPECIFIC and word.detail is not ErrorDetail.CONSENT_FAILED:
        detail = word.detail
    is_operators = EXPLANATIONS[detail].remedy is ConsentRemedy.OPERATOR
    return TicketOutcome(
        state,
        error_code=error.code,
        error=sentence_of(detail, platform.name) if is_operators else error.sentence,
        error_detail=detail,
        platform_word=word.word,
    )


def _nothing_usable(left_out: list[LeftOut]) -> TicketOutcome:
    """Every account of the consent was left out; the first one's reason is the ticket's."""
    first = left_out[0]
    return TicketOutcome(
        TicketState.FAILED,
        error_code=first.code,
        error=first.sentence,
        left_out=left_out,
        error_detail=detail_of(first.code),
    )
