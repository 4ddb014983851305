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
        known = transfers.ensure_transfer(session, assignment.id).version
        secret = Secret(session_uri)
        return transfers.open_transfer(session, vault, assignment.id, secret, known=known)


def read(store: Store, assignment: Assignment) -> Transfer:
    with store.write() as session:
        return transfers.ensure_transfer(session, assignment.id)


def finish(session: Session, transfer: Transfer) -> datetime:
    """Mark a finish as whoever read the row like this would."""
    known = transfer.version
    marked = transfers.mark_finish_sent(session, transfer.assignment_id, known=known)
    assert marked.finish_sent_at is not None
    return marked.finish_sent_at


def test_a_session_that_was_erased_sends_no_finish(
    store: Store, vault: Vault, assignment: Assignment
) -> None:
    opened(store, vault, assignment, "session")
    with store.write() as session:
        erased = transfers.clear_session(session, assignment.id)
        with pytest.raises(Unconfirmed):
            finish(session, erased)


def lose(session: Session, transfer: Transfer) -> Transfer:
    known = transfer.version
    return transfers.mark_lost(session, transfer.assignment_id, known=known)


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
            lose(session, row)
        losses.add(read(store, assignment).lost_at)
    assert finishes[0] < finishes[1]
    assert len(losses) == 1


def test_of_two_who_would_open_a_session_the_slower_one_has_to_read_first(
    store: Store, vault: Vault, assignment: Assignment
) -> None:
    opened(store, vault, assignment, "a")
    with store.write() as session, pytest.raises(Unconfirmed):
        transfers.open_transfer(session, vault, assignment.id, Secret("b"), known=0)
    assert transfers.find_session(vault, read(store, assignment)) == Secret("a")


def test_what_was_given_up_before_it_began_is_not_begun(
    store: Store, vault: Vault, assignment: Assignment
) -> None:
    with store.write() as session:
        transfers.clear_session(session, assignment.id, known=0)
    with store.write() as session, pytest.raises(Unconfirmed):
        transfers.open_transfer(session, vault, assignment.id, Secret("a"), known=0)


def test_what_has_a_finish_on_its_way_is_not_given_up_unread(
    store: Store, vault: Vault, assignment: Assignment
) -> None:
    transfer = opened(store, vault, assignment, "a")
    as_read = transfer.version
    with store.write() as session:
        finish(session, transfers.ensure_transfer(session, assignment.id))
    with store.write() as session, pytest.raises(Unconfirmed):
        transfers.clear_session(session, assignment.id, known=as_read)
    assert transfers.find_session(vault, read(store, assignment)) == Secret("a")


def test_of_two_who_would_finish_the_second_has_to_read_first(
    store: Store, vault: Vault, assignment: Assignment
) -> None:
    known = opened(store, vault, assignment, "a").version
    with store.write() as session:
        transfers.mark_finish_sent(session, assignment.id, known=known)
    with store.write() as session, pytest.raises(Unconfirmed):
        transfers.mark_finish_sent(session, assignment.id, known=known)


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
    opened(store, vault, assignment, "a")
    with store.write() as session:
        finish(session, transfers.ensure_transfer(session, assignment.id))
        known = lose(session, transfers.ensure_transfer(session, assignment.id)).version
    with store.write() as session:
        transfers.settle_transfer(session, assignment.id, known=known)
    assert read(store, assignment).finish_sent_at is None
    opened(store, vault, assignment, "b")
    with store.write() as session, pytest.raises(Unconfirmed):
        transfers.settle_transfer(session, assignment.id, known=known)
    assert transfers.find_session(vault, read(store, assignment)) == Secret("b")


def test_a_new_session_begins_with_no_evidence(
    store: Store, vault: Vault, assignment: Assignment
) -> None:
    transfer = opened(store, vault, assignment, "a")
    with store.write() as session:
        finish(session, transfer)
        lose(session, transfers.ensure_transfer(session, assignment.id))
    transfer = opened(store, vault, assignment, "b")
    assert transfers.find_session(vault, transfer) == Secret("b")
    assert (transfer.finish_sent_at, transfer.lost_at) == (None, None)


def test_a_transfer_that_never_began_has_nothing_to_mark(
    store: Store, assignment: Assignment
) -> None:
    with store.write() as session, pytest.raises(NotFound):
        transfers.mark_finish_sent(session, assignment.id, known=0)
    with store.write() as session:
        transfers.clear_session(session, assignment.id)
        transfers.discard_transfer(session, assignment.id)
