from collections.abc import Callable
from threading import Event, Thread

import pytest
from sqlalchemy import LargeBinary, text

from domain.errors import CastlineError
from domain.secrets import Secret
from store.engine import Store
from store.keyring import Keyring, create_keyset
from store.queries.access import credentials, tickets
from store.queries.publishing import transfers
from store.resealing import count_sealed_with, reseal_all
from store.tables import METADATA
from store.vault import Place, Vault
from tests.store.conftest import Tenant

PLACE = Place("ticket", "sealed_code", "tkt_1")


def test_a_secret_comes_back_from_its_place(vault: Vault) -> None:
    secret = Secret("umlauts too: äöü")
    assert vault.open(vault.seal(secret, PLACE), PLACE) == secret


@pytest.mark.parametrize(
    "elsewhere",
    [
        Place("transfer", "sealed_code", "tkt_1"),
        Place("ticket", "sealed_verifier", "tkt_1"),
        Place("ticket", "sealed_code", "tkt_2"),
    ],
)
def test_a_secret_does_not_open_elsewhere(vault: Vault, elsewhere: Place) -> None:
    with pytest.raises(CastlineError) as caught:
        vault.open(vault.seal(Secret("x"), PLACE), elsewhere)
    assert caught.value.code == "seal_broken"


def test_a_ciphertext_moved_to_another_row_does_not_open(tenant: Tenant, vault: Vault) -> None:
    ours, theirs = tenant.connection("UC1"), tenant.connection("UC2")
    tenant.credential(vault, ours.id)
    tenant.credential(vault, theirs.id)
    with tenant.store.write() as session:
        session.connection().execute(
            text(
                "UPDATE credential SET sealed = (SELECT sealed FROM credential"
                " WHERE connection_id = :ours) WHERE connection_id = :theirs"
            ),
            {"ours": ours.id, "theirs": theirs.id},
        )
    with tenant.store.read() as session:
        assert credentials.get_credential(session, vault, ours.id).secret == Secret("first")
        with pytest.raises(CastlineError):
            credentials.get_credential(session, vault, theirs.id)


def test_every_column_of_bytes_is_one_that_rotation_finds() -> None:
    columns = [column for table in METADATA.sorted_tables for column in table.columns]
    names = [column.name for column in columns if isinstance(column.type, LargeBinary)]
    names.remove("sums")  # of blocks of a video: no secret
    assert len(names) == 15
    assert all(name.startswith("sealed") for name in names)


def rotated(keyring: Keyring) -> Vault:
    return Vault(rotated_keyring(keyring))


def rotated_keyring(keyring: Keyring) -> Keyring:
    extended = Keyring.from_json(keyring.with_new_key())
    return Keyring.from_json(extended.with_newest_primary())


def stale(store: Store, vault: Vault) -> int:
    """How many sealed values are not under the vault's primary key."""
    with store.read() as session:
        return sum(
            not value.startswith(vault.current_prefix)
            for table in METADATA.sorted_tables
            for column in table.columns
            if column.name.startswith("sealed")
            for (value,) in session.connection().execute(
                column.table.select().with_only_columns(column).where(column.is_not(None))
            )
        )


def test_rotation_brings_every_secret_under_the_new_key(tenant: Tenant, keyring: Keyring) -> None:
    store = tenant.store
    old, new = Vault(keyring), rotated(keyring)
    connection, assignment, ticket = tenant.connection(), tenant.assignment(), tenant.ticket()
    tenant.credential(old, connection.id)
    with store.write() as session:
        transfers.open_transfer(session, old, assignment.id, Secret("session"), known=0)
        tickets.begin_consent(session, ticket.id)
        tickets.claim_callback(
            session,
            old,
            ticket.id,
            callback_digest="c",
            browser=Secret("b"),
            verifier=Secret("verifier"),
            code=Secret("code"),
        )
        tickets.keep_grant(session, old, ticket.id, Secret("grant"))

    old_key, new_key = keyring.primary_key_id, new.current_key_id
    # One of them is the address of the video.
    assert stale(store, new) == count_sealed_with(store, old_key) == 6
    assert reseal_all(store, new) == 6
    assert (count_sealed_with(store, old_key), count_sealed_with(store, new_key)) == (0, 6)
    assert stale(store, new) == 0
    assert reseal_all(store, new) == 0

    with store.read() as session:
        ticket = tickets.get_ticket(session, ticket.id)
        assert tickets.open_verifier(new, ticket) == Secret("verifier")
        assert tickets.open_code(new, ticket) == Secret("code")
        assert tickets.find_grant(new, ticket) == Secret("grant")
        transfer = transfers.ensure_transfer(session, assignment.id)
        assert transfers.find_session(new, transfer) == Secret("session")
        assert credentials.get_credential(session, new, connection.id).secret == Secret("first")


def test_rotation_goes_through_many_batches(tenant: Tenant) -> None:
    keyring = Keyring.from_json(create_keyset())
    old, new = Vault(keyring), rotated(keyring)
    ids = [tenant.connection(f"UC{n}").id for n in range(12)]
    for connection_id in ids:
        tenant.credential(old, connection_id)
    assert reseal_all(tenant.store, new, batch=5) == 12
    assert stale(tenant.store, new) == 0


class Interrupted(Vault):
    """A vault whose owner is overtaken by a writer after reading and before writing."""

    def __init__(self, keyring: Keyring, meanwhile: Callable[[], None]) -> None:
        super().__init__(keyring)
        self._meanwhile = [meanwhile]

    def open(self, sealed: bytes, place: Place) -> Secret:
        secret = super().open(sealed, place)
        if self._meanwhile:
            self._meanwhile.pop()()
        return secret


def test_rotation_does_not_undo_what_was_written_meanwhile(tenant: Tenant) -> None:
    keyring = Keyring.from_json(create_keyset())
    old, fresh_keyring = Vault(keyring), rotated_keyring(keyring)
    connection = tenant.connection()
    tenant.credential(old, connection.id)
    vault = Interrupted(fresh_keyring, lambda: tenant.credential(old, connection.id, "meanwhile"))
    assert reseal_all(tenant.store, vault) == 1
    assert stale(tenant.store, vault) == 0
    with tenant.store.read() as session:
        stored = credentials.get_credential(session, vault, connection.id)
    assert stored.secret == Secret("meanwhile")


def test_rotation_beside_writers_loses_nothing(tenant: Tenant) -> None:
    store, keyring = tenant.store, Keyring.from_json(create_keyset())
    old, new = Vault(keyring), rotated(keyring)
    ids = [tenant.connection(f"UC{n}").id for n in range(6)]
    for connection_id in ids:
        tenant.credential(old, connection_id)
    finished = Event()
    written: dict[str, str] = {}

    def write() -> None:
        # Both vaults, as while processes are being restarted with the new key set.
        for turn in range(20):
            connection_id = ids[turn % len(ids)]
            written[connection_id] = f"turn {turn}"
            tenant.credential((old, new)[turn % 2], connection_id, f"turn {turn}")
        finished.set()

    writer = Thread(target=write)
    writer.start()
    while not finished.is_set():
        reseal_all(store, new, batch=2)
    writer.join()
    reseal_all(store, new)

    assert stale(store, new) == 0
    with store.read() as session:
        for connection_id in ids:
            stored = credentials.get_credential(session, new, connection_id)
            assert stored.secret == Secret(written[connection_id])


def test_rotation_stops_at_a_secret_that_does_not_open(tenant: Tenant, vault: Vault) -> None:
    tenant.credential(Vault(Keyring.from_json(create_keyset())), tenant.connection().id)
    with pytest.raises(CastlineError) as caught:
        reseal_all(tenant.store, vault)
    assert caught.value.code == "seal_broken"
