import pytest

from domain.errors import NotFound
from domain.secrets import Secret
from store.engine import Store
from store.queries import transfers
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


def test_the_first_moments_of_a_finish_and_a_loss_stand(
    store: Store, vault: Vault, assignment: Assignment
) -> None:
    opened(store, vault, assignment, "a")
    moments = []
    for _ in range(2):
        with store.write() as session:
            transfers.mark_finish_sent(session, assignment.id)
            transfers.mark_lost(session, assignment.id)
        transfer = read(store, assignment)
        moments.append((transfer.finish_sent_at, transfer.lost_at))
    assert moments[0] == moments[1]
    assert None not in moments[0]


def test_an_erased_session_leaves_the_evidence(
    store: Store, vault: Vault, assignment: Assignment
) -> None:
    opened(store, vault, assignment, "a")
    with store.write() as session:
        transfers.mark_finish_sent(session, assignment.id)
        transfers.clear_session(session, assignment.id)
    transfer = read(store, assignment)
    assert transfers.find_session(vault, transfer) is None
    assert transfer.finish_sent_at is not None


def test_a_new_session_begins_with_no_evidence(
    store: Store, vault: Vault, assignment: Assignment
) -> None:
    opened(store, vault, assignment, "a")
    with store.write() as session:
        transfers.mark_finish_sent(session, assignment.id)
        transfers.mark_lost(session, assignment.id)
    transfer = opened(store, vault, assignment, "b")
    assert transfers.find_session(vault, transfer) == Secret("b")
    assert (transfer.finish_sent_at, transfer.lost_at) == (None, None)


def test_a_transfer_that_never_began_has_nothing_to_mark(
    store: Store, assignment: Assignment
) -> None:
    with store.write() as session, pytest.raises(NotFound):
        transfers.mark_finish_sent(session, assignment.id)
    with store.write() as session:
        transfers.clear_session(session, assignment.id)
        transfers.discard_transfer(session, assignment.id)
