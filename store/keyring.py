"""The key set: seals bytes to a context and opens them again.

Tink's AES-256-GCM with associated data does it; every ciphertext begins with the id of its
key, so old ones stay readable while a new key is the primary. The key set is JSON in the
clear, from a file that only its owner may read or from the environment: whoever has it
and the database has everything, and without it every connection must be authorized again.
"""

import json
import os
import secrets
import stat
from pathlib import Path

import tink
from tink import aead, json_proto_keyset_format, secret_key_access

from domain.errors import CastlineError
from domain.secrets import Secret

aead.register()

_PREFIX_BYTES = 5
"""Tink's prefix: a version byte, then the key id as four bytes, high byte first."""


class Keyring:
    """An opened key set. Thread-safe; a call takes microseconds."""

    def __init__(self, handle: tink.KeysetHandle) -> None:
        self._handle = handle
        # Tink looks primitives up by their abstract class.
        self._aead: aead.Aead = handle.primitive(aead.Aead)  # type: ignore[type-abstract]
        self.primary_key_id = str(handle.keyset_info().primary_key_id)

    @classmethod
    def from_json(cls, keyset: Secret) -> "Keyring":
        """Open a key set. Raises `CastlineError` (code `keyset_unusable`) if it is none."""
        try:
            return cls(json_proto_keyset_format.parse(keyset.reveal(), secret_key_access.TOKEN))
        except (tink.TinkError, ValueError):
            pass
        # Outside the handler: the parser's own error may quote what it could not parse.
        raise CastlineError(
            "keyset_unusable",
            "The key set cannot be read as a Tink AEAD key set in JSON. Restore the one that "
            "the database was sealed with.",
        )

    @classmethod
    def from_file(cls, path: Path) -> "Keyring":
        """Open the key set in a file.

        Raises `CastlineError` with code `keyset_missing` when it cannot be read,
        `keyset_exposed` when others than its owner may read it, or `keyset_unusable`.
        """
        _refuse_exposed(path)
        try:
            return cls.from_json(Secret(path.read_text(encoding="utf-8")))
        except OSError as error:
            raise _missing(path) from error

    @property
    def primary_prefix(self) -> bytes:
        """What every ciphertext under the primary key begins with."""
        return b"\x01" + int(self.primary_key_id).to_bytes(4, "big")

    def key_id_of(self, ciphertext: bytes) -> str:
        """The id of the key it was sealed with, which need not be one of ours."""
        return str(int.from_bytes(ciphertext[1:_PREFIX_BYTES], "big"))

    def seal(self, plaintext: bytes, context: bytes) -> bytes:
        """Encrypt under the primary key, to be opened with an equal context only."""
        sealed: bytes = self._aead.encrypt(plaintext, context)
        return sealed

    def open(self, ciphertext: bytes, context: bytes) -> bytes:
        """Decrypt, whichever key of the set was used.

        Raises `CastlineError` (code `seal_broken`) when the key is not in the set, the
        context is another one or the bytes were changed: which of them, nobody can tell.
        """
        try:
            plaintext: bytes = self._aead.decrypt(ciphertext, context)
        except tink.TinkError:
            raise CastlineError(
                "seal_broken",
                f"A sealed value does not open with this key set (it names key "
                f"{self.key_id_of(ciphertext)}). Check that the key set is the one that the "
                "database was sealed with.",
            ) from None
        return plaintext

    def rotated(self) -> Secret:
        """This key set with a fresh primary key; the old ones are kept for opening.

        It is returned, not put to use: every process must have it before one seals with
        it, so stop them all, replace the key set, start them and then reseal.
        """
        while True:
            fresh = json.loads(create_keyset().reveal())
            rotated = json.loads(
                json_proto_keyset_format.serialize(self._handle, secret_key_access.TOKEN)
            )
            if fresh["primaryKeyId"] not in {key["keyId"] for key in rotated["key"]}:
                break
        rotated["key"] += fresh["key"]
        rotated["primaryKeyId"] = fresh["primaryKeyId"]
        return Secret(json.dumps(rotated, indent=2))


def create_keyset() -> Secret:
    """A new key set in JSON, with one AES-256-GCM key."""
    handle = tink.new_keyset_handle(aead.aead_key_templates.AES256_GCM)
    return Secret(json_proto_keyset_format.serialize(handle, secret_key_access.TOKEN))


def ensure_keyset_file(path: Path) -> None:
    """Make a key set file with mode 0600 unless there is one.

    Idempotent, also when several processes do it at once: all of them find the same one.
    Raises `CastlineError` (code `keyset_exposed`) when others may read the one there is.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _create_private(path, create_keyset())
    _refuse_exposed(path)


def _create_private(path: Path, content: Secret) -> None:
    # A link appears with its whole content and never replaces what another process made.
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content.reveal())
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            return
    finally:
        draft.unlink()


def _refuse_exposed(path: Path) -> None:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise _missing(path) from error
    if mode & 0o077:
        raise CastlineError(
            "keyset_exposed",
            f"The key set {path} may be read by others (mode {mode:04o}). "
            f"Run `chmod 600 {path}`, and rotate the key set if anyone else had access.",
        )


def _missing(path: Path) -> CastlineError:
    return CastlineError("keyset_missing", f"The key set {path} cannot be read. Restore it.")
