"""The vault: secrets in the database, each sealed to the place where it lies.

A ciphertext opens only in its own table, column and row, so one that was moved, copied
or restored elsewhere is worth nothing. It does not hide how long a secret is, nor that a
row was put back to an earlier ciphertext of its own.
"""

from dataclasses import dataclass

from domain.secrets import Secret
from store.keyring import Keyring


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed value lies: the row is named by its primary key."""

    table: str
    column: str
    row: str

    @property
    def context(self) -> bytes:
        return f"{self.table}/{self.column}/{self.row}".encode()


class Vault:
    """Seals secrets to their places. Thread-safe."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def seal(self, secret: Secret, place: Place) -> bytes:
        return self._keyring.seal(secret.reveal().encode(), place.context)

    def open(self, sealed: bytes, place: Place) -> Secret:
        """Raises `CastlineError` (code `seal_broken`) when it was not sealed to this place."""
        return Secret(self._keyring.open(sealed, place.context).decode())

    @property
    def current_key_id(self) -> str:
        """The key that seals."""
        return self._keyring.primary_key_id

    @property
    def current_prefix(self) -> bytes:
        """What everything sealed under the primary key begins with."""
        return self._keyring.primary_prefix
