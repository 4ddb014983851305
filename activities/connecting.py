"""The one step of a ticket: from a consent to connections.

A code works once, so the grant it brings is stored the moment it is had; from there on
everything is repeatable. What the person or the platform decided, such as a missing scope or
the wrong account, comes back as a refused ticket; what may pass by itself is retried.
"""

from sqlmodel import Session
from temporalio import activity

from activities.contract import Connected, TicketOutcome, TicketSteps
from activities.credentials import pack, unpack
from activities.failures import translated
from domain.errors import PlatformRefusal, ReauthorizationNeeded
from domain.states import TicketState
from platforms.protocol import Account, Credential, Platform
from platforms.registry import Registry
from store.engine import Store
from store.queries import connections, tickets
from store.queries.assignments import list_waiting_for_connection
from store.tables import Ticket
from store.vault import Vault


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
            if ticket.state == TicketState.CONNECTED:
                return _connected(session, ticket.connection_ids)
        platform = self._registry.get(ticket.platform)
        try:
            accounts = platform.accounts(self._grant(ticket, platform))
        except ReauthorizationNeeded as error:
            return Connected(_refused(error.code, error.sentence))
        except PlatformRefusal as error:
            return Connected(_failed(error.code, error.sentence))
        if not accounts:
            return Connected(
                _failed(
                    "no_channel", "This account has no channel to publish to. Create one first."
                )
            )
        return self._keep(ticket, accounts)

    @activity.defn
    @translated
    def settle_ticket(self, ticket_id: str, outcome: TicketOutcome) -> None:
        with self._store.write() as session:
            tickets.settle_ticket(
                session,
                ticket_id,
                state=outcome.state,
                connection_ids=outcome.connection_ids,
                error_code=outcome.error_code,
                error=outcome.error,
            )

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

    def _keep(self, ticket: Ticket, accounts: list[Account]) -> Connected:
        with self._store.write() as session:
            if ticket.connection_id is not None:
                expected = connections.get_connection_by_id(session, ticket.connection_id)
                accounts = [account for account in accounts if account.id == expected.account_id]
                if not accounts:
                    return Connected(
                        _refused(
                            "wrong_account",
                            f"This was another account; {expected.name} was expected. "
                            "Nothing has changed.",
                        )
                    )
            made: list[str] = []
            for account in accounts:
                connection = connections.ensure_connection(
                    session,
                    workspace_id=ticket.workspace_id,
                    platform=ticket.platform,
                    account_id=account.id,
                    name=account.name,
                    handle=account.handle,
                    thumbnail_url=account.thumbnail_url,
                    scopes=list(account.credential.scopes),
                    organization_id=ticket.organization_id,
                )
                connections.keep_credential(
                    session,
                    self._vault,
                    connection.id,
                    secret=pack(account.credential),
                    expires_at=account.credential.expires_at,
                    grant_expires_at=account.credential.grant_expires_at,
                )
                made.append(connection.id)
            # In the same transaction: a ticket never ends connected without its connections.
            tickets.settle_ticket(
                session,
                ticket.id,
                state=TicketState.CONNECTED,
                connection_ids=made,
                error_code=None,
                error=None,
            )
            return _connected(session, made)


def _connected(session: Session, connection_ids: list[str]) -> Connected:
    parked = [
        assignment_id
        for connection_id in connection_ids
        for assignment_id in list_waiting_for_connection(session, connection_id)
    ]
    return Connected(TicketOutcome(TicketState.CONNECTED, list(connection_ids)), parked)


def _refused(code: str, sentence: str) -> TicketOutcome:
    return TicketOutcome(TicketState.REFUSED, error_code=code, error=sentence)


def _failed(code: str, sentence: str) -> TicketOutcome:
    return TicketOutcome(TicketState.FAILED, error_code=code, error=sentence)
