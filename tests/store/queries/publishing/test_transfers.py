from datetime import datetime

import pytest
from sqlmodel import Session

from domain.errors import NotFound, Unconfirmed
from domain.secrets import Secret
from store.engine import Store
from store.queries.publishing import transfers
from store.tables import Assignment, Transfer
from store.vault import Vault
from tests.store.conftest import Tenant


@pytest.fixture
def assignment(tenant: Tenant) -> Assignment:
    return tenant.assignment()


def opened(store: Store, vault: Vault, assignment: Assignment, session_uri: str) -> Transfer:
    with store.write() as session:
        return transfers.open_transfer(session, vault, assignment.id, Secret(session_uri))


def read(store: Store, assignment: Assignment) -> Transfer:
    with store.write() as session:
        return transfers.ensure_transfer(session, assignment.id)


def finish(session: Session, transfer: Transfer) -> datetime:
    """Mark a finish as whoever read the row like this would."""
    return transfers.mark_finish_sent(
        session,
        transfer.assignment_id,
        opened_at=transfer.opened_at,
        known=transfer.finish_sent_at,
    )


def test_a_transfer_begins_without_a_session(
    store: Store, vault: Vault, assignment: Assignment
) -> None:
    transfer = read(store, assignment)
    assert transfers.find_session(vault, transfer) is None
    assert (transfer.finish_sent_at, transfer.is_dead) == (None, False)


def test_a_session_is_kept_sealed(store: Store, vault: Vault, assignment: Assignment) -> None:
    transfer = opened(store, vault, assignment, "https://upload.test/session")
    assert "upload.test" not in repr(transfer)
    found = transfers.find_session(vault, read(store, assignment))
    assert found == Secret("https://upload.test/session")


def test_each_finish_is_noted_and_the_first_loss_stands(
    store: Store, vault: Vault, assignment: Assignment
) -> None:
    opened(store, vault, assignment, "a")
    losses, finishes = set(), []
    for _ in range(2):
        with store.write() as session:
            row = transfers.ensure_transfer(session, assignment.id)
            finishes.append(finish(session, row))
            transfers.mark_lost(session, assignment.id)
        losses.add(read(store, assignment).lost_at)
    assert finishes[0] < finishes[1]
    assert len(losses) == 1


def test_of_two_who_would_finish_the_second_has_to_read_first(
    store: Store, vault: Vault, assignment: Assignment
) -> None:
    as_both_read_it = opened(store, vault, assignment, "a")
    with store.write() as session:
        finish(session, as_both_read_it)
    with store.write() as session, pytest.raises(Unconfirmed):
        finish(session, as_both_read_it)


@pytest.mark.parametrize("is_replaced", [True, False])
def test_a_session_that_was_given_up_is_not_finished(
    store: Store, vault: Vault, assignment: Assignment, is_replaced: bool
) -> None:
    transfer = opened(store, vault, assignment, "a")
    with store.write() as session:
        transfers.clear_session(session, assignment.id)
    if is_replaced:
        opened(store, vault, assignment, "b")
    with store.write() as session, pytest.raises(Unconfirmed):
        finish(session, transfer)


def test_an_erased_session_leaves_the_evidence(
    store: Store, vault: Vault, assignment: Assignment
) -> None:
    transfer = opened(store, vault, assignment, "a")
    with store.write() as session:
        finish(session, transfer)
        transfers.clear_session(session, assignment.id)
    transfer = read(store, assignment)
    assert transfers.find_session(vault, transfer) is None
    assert transfer.finish_sent_at is not None


def test_a_loss_is_settled_by_whoever_has_seen_this_one(
    store: Store, vault: Vault, assignment: Assignment
) -> None:
    transfer = opened(store, vault, assignment, "a")
    with store.write() as session:
        finish(session, transfer)
        lost_at = transfers.mark_lost(session, assignment.id).lost_at
    assert lost_at is not None
    with store.write() as session:
        transfers.settle_loss(session, assignment.id, lost_at=lost_at)
    opened(store, vault, assignment, "b")
    with store.write() as session, pytest.raises(Unconfirmed):
        transfers.settle_loss(session, assignment.id, lost_at=lost_at)
    assert transfers.find_session(vault, read(store, assignment)) == Secret("b")


def test_a_new_session_begins_with_no_evidence(
    store: Store, vault: Vault, assignment: Assignment
) -> None:
    transfer = opened(store, vault, assignment, "a")
    with store.write() as session:
        finish(session, transfer)
        transfers.mark_lost(session, assignment.id)
    transfer = opened(store, vault, assignment, "b")
    assert transfers.find_session(vault, transfer) == Secret("b")
    assert (transfer.finish_sent_at, transfer.lost_at) == (None, None)


def test_a_transfer_that_never_began_has_nothing_to_mark(
    store: Store, assignment: Assignment
) -> None:
    with store.write() as session, pytest.raises(NotFound):
        transfers.mark_finish_sent(session, assignment.id, opened_at=None, known=None)
    with store.write() as session:
        transfers.clear_session(session, assignment.id)
        transfers.discard_transfer(session, assignment.id)
