"""A consent that becomes connections only when the tenant's backend confirms its ticket.

The backend alone knows whose session started a ticket. Until it says so, what a consent gave
lies sealed in the ticket and is used for nothing. What nobody confirms in time is removed, and
its grant is revoked where no connection of the installation uses it.
"""

import logging
from contextlib import suppress
from dataclasses import asdict
from datetime import timedelta

from sqlmodel import Session

from activities.access.accounts import connect_account, was_disconnected_since
from activities.access.consent_ends import log_end
from activities.access.packing import pack_accounts, unpack_accounts
from activities.contract.tickets import TicketOutcome
from domain.errors import Conflict, NotYet, PlatformError, ReauthorizationNeeded
from domain.explanations import ErrorDetail
from domain.states import TicketState
from platforms.protocol import Account, Accounts
from platforms.registry import Registry
from store.engine import Store
from store.queries.access import confirmations, grants, tickets, unconfirmed
from store.tables import Ticket, now
from store.vault import Vault

_log = logging.getLogger("castline.confirming")

CONFIRM_WITHIN = timedelta(hours=1)
"""How long a consent awaits its confirmation."""

GIVE_UP_AFTER = timedelta(days=1)
"""How long a platform is asked to end a grant that nobody confirmed."""

AT_ONCE = 8
"""How many such grants one sweep ends: each may take a minute."""


def hold(session: Session, vault: Vault, ticket: Ticket, accounts: Accounts) -> TicketOutcome:
    """Keep what a consent gave for the confirmation. The accounts are held by the caller."""
    until = now() + CONFIRM_WITHIN
    ids = [
        unconfirmed.ensure_unconfirmed(
            session,
            workspace_id=ticket.workspace_id,
            platform=ticket.platform,
            account_id=account.id,
            name=account.name,
            handle=account.handle,
            thumbnail_url=account.thumbnail_url,
            grant_id=account.grant_id,
            organization_id=ticket.organization_id,
            until=until,
        ).id
        for account in accounts.usable
    ]
    confirmations.await_confirmation(
        session,
        vault,
        ticket.id,
        accounts=pack_accounts(accounts.usable),
        connection_ids=ids,
        left_out=[asdict(account) for account in accounts.left_out],
        confirm_by=until,
    )
    return TicketOutcome(TicketState.CONFIRMING, ids, left_out=list(accounts.left_out))


def confirm(session: Session, vault: Vault, workspace_id: str, ticket_id: str) -> Ticket:
    """Make the ticket's connections active. Idempotent: a repeated one changes nothing.

    Raises `NotFound` for a foreign ticket, and `Conflict` where there is nothing to confirm
    (`confirmation_not_requested`, `ticket_not_connected`), not yet (`not_consented`), not any more
    (`confirmation_expired`), or where a connection was ended since (`disconnected`).
    """
    ticket = tickets.get_ticket(session, ticket_id, workspace_id)
    if not _is_to_confirm(ticket):
        return ticket
    accounts = unpack_accounts(confirmations.open_accounts(vault, ticket))
    held = grants.hold_accounts(
        session, ticket.workspace_id, ticket.platform, [account.id for account in accounts]
    )
    # Again under its lock: of two that confirm at once, one finds it done.
    ticket = tickets.lock_ticket(session, ticket_id)
    if not _is_to_confirm(ticket):
        return ticket
    for connection in held:
        if was_disconnected_since(ticket, connection):
            raise Conflict(
                "disconnected",
                f"{connection.name} was disconnected after this consent was asked for. Nothing has "
                "changed. Start again with another ticket.",
            )
    made = [connect_account(session, vault, ticket, account) for account in accounts]
    return confirmations.end_confirmation(
        session, ticket_id, state=TicketState.CONNECTED, connection_ids=made
    )


def _is_to_confirm(ticket: Ticket) -> bool:
    """False for one that is confirmed already."""
    if not ticket.requires_confirmation:
        raise Conflict(
            "confirmation_not_requested",
            "This ticket was created without `confirm`, so what it connects is active at once. "
            "There is nothing to confirm.",
        )
    if ticket.state == TicketState.CONNECTED:
        return False
    if confirmations.is_in_time(ticket):
        return True
    if not TicketState(ticket.state).has_outcome:
        raise NotYet(
            "not_consented",
            "The consent of this ticket has not ended yet. Confirm the ticket when the browser "
            "has come back.",
        )
    if ticket.state == TicketState.CONFIRMING or ticket.error_code == "confirmation_expired":
        raise Conflict(
            "confirmation_expired",
            "This ticket was not confirmed in time, and its consent is removed. Start again with "
            "another ticket.",
        )
    raise Conflict(
        "ticket_not_connected", "This ticket has connected nothing, so nothing can be confirmed."
    )


class UnconfirmedConsents:
    """Ends the consents that nobody confirmed in time."""

    def __init__(self, store: Store, vault: Vault, registry: Registry) -> None:
        self._store = store
        self._vault = vault
        self._registry = registry

    def list_due(self) -> list[Ticket]:
        with self._store.read() as session:
            return list(confirmations.list_unconfirmed(session, limit=AT_ONCE))

    def end(self, ticket: Ticket) -> None:
        """Revoke the grant unless a connection uses it, remove the rows, end the ticket.

        Idempotent. Raises what the platform answers when it cannot be reached; the next sweep
        tries again, for a day. After that the tokens are erased without its word.
        """
        accounts = unpack_accounts(confirmations.open_accounts(self._vault, ticket))
        unused = self._unused(ticket, accounts)
        for account in unused:
            self._revoke(ticket, account)
        with self._store.write() as session:
            for account in unused:
                # Somebody may have authorized it meanwhile.
                grants.check_soon(session, ticket.platform, account.grant_id or account.id)
            for connection_id in sorted(ticket.connection_ids):
                unconfirmed.remove_unconfirmed(session, connection_id)
            ended = confirmations.end_confirmation(
                session,
                ticket.id,
                state=TicketState.EXPIRED,
                error_code="confirmation_expired",
                error="The consent was not confirmed in time, so it was removed.",
                error_detail=ErrorDetail.CONFIRMATION_EXPIRED,
            )
        if ended.state == TicketState.EXPIRED:
            log_end(ended)

    def _unused(self, ticket: Ticket, accounts: list[Account]) -> list[Account]:
        """One account for each grant that no connection uses."""
        by_grant = {account.grant_id or account.id: account for account in accounts}
        with self._store.write() as session:
            return [
                account
                for grant_id, account in sorted(by_grant.items())
                if not grants.is_used(session, ticket.platform, grant_id)
            ]

    def _revoke(self, ticket: Ticket, account: Account) -> None:
        try:
            with suppress(ReauthorizationNeeded):
                self._registry.get(ticket.platform).revoke(account.credential)
        except PlatformError as error:
            if ticket.confirm_by is None or now() - ticket.confirm_by < GIVE_UP_AFTER:
                raise
            _log.warning("the grant of ticket %s was not revoked: %s", ticket.id, error.code)
