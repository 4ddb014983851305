"""The key set: seals bytes to a context and opens them again.

Tink's AES-256-GCM with associated data does it; every ciphertext begins with the id of its
key, so old ones stay readable while a new key is the primary. The key set is JSON in the
clear, from a file that only its owner may read or from the environment: whoever has it
and the database has everything, and without it every connection must be authorized again.
"""

import json
import logging
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import tink
from tink import aead, json_proto_keyset_format, secret_key_access

from domain.errors import CastlineError
from domain.secrets import Secret
from store.files import explain, replace_private, sync_folder, write_private

aead.register()

_log = logging.getLogger("castline.keyring")

_PREFIX_BYTES = 5
"""Tink's prefix: a version byte, then the key id as four bytes, high byte first."""


def prefix_of(key_id: str) -> bytes:
    """What every ciphertext under this key begins with."""
    return b"\x01" + int(key_id).to_bytes(4, "big")


@dataclass(frozen=True, slots=True)
class _KeySet:
    handle: tink.KeysetHandle
    aead: aead.Aead
    primary_key_id: str
    key_ids: tuple[str, ...]
    """In the order of the set: a key that was added later comes later."""

    @classmethod
    def parse(cls, keyset: Secret) -> "_KeySet":
        try:
            handle = json_proto_keyset_format.parse(keyset.reveal(), secret_key_access.TOKEN)
            # Tink looks primitives up by their abstract class.
            primitive: aead.Aead = handle.primitive(aead.Aead)  # type: ignore[type-abstract]
            info = handle.keyset_info()
            ids = tuple(str(key.key_id) for key in info.key_info)
            return cls(handle, primitive, str(info.primary_key_id), ids)
        except (tink.TinkError, ValueError):
            pass
        # Outside the handler: the parser's own error may quote what it could not parse.
        raise CastlineError(
            "keyset_unusable",
            "The key set cannot be read as a Tink AEAD key set in JSON. Restore the one that "
            "the database was sealed with.",
        )


_Version = tuple[int, int, int]
"""Tells one content of a file from the next: inode, time of change, size."""


class Keyring:
    """An opened key set. Thread-safe; a call takes microseconds.

    One that came from a file follows it: a file that was replaced is read again before the
    next value is sealed, and when a value names a key that is not known. So a process never
    goes on sealing with a replaced key, and opens what others sealed with a new one. A
    replaced file that cannot be used is logged, and the keys in memory stay in force.
    """

    def __init__(
        self, keyset: _KeySet, path: Path | None = None, version: _Version | None = None
    ) -> None:
        self._keyset = keyset
        self._path = path
        self._version = version
        self._reading = Lock()

    @classmethod
    def from_json(cls, keyset: Secret) -> "Keyring":
        """Open a key set. Raises `CastlineError` (code `keyset_unusable`) if it is none."""
        return cls(_KeySet.parse(keyset))

    @classmethod
    def from_file(cls, path: Path) -> "Keyring":
        """Open the key set in a file.

        Raises `CastlineError` with code `keyset_missing` when it cannot be read,
        `keyset_exposed` when others than its owner may read it, or `keyset_unusable`.
        """
        content, version = _read(path)
        return cls(_KeySet.parse(content), path, version)

    @property
    def primary_key_id(self) -> str:
        """The key that seals."""
        return self._keyset.primary_key_id

    @property
    def key_ids(self) -> tuple[str, ...]:
        """All keys, in the order in which they were added."""
        return self._keyset.key_ids

    @property
    def primary_prefix(self) -> bytes:
        """What every ciphertext under the primary key begins with."""
        return prefix_of(self.primary_key_id)

    def key_id_of(self, ciphertext: bytes) -> str:
        """The id of the key it was sealed with, which need not be one of ours."""
        return str(int.from_bytes(ciphertext[1:_PREFIX_BYTES], "big"))

    def seal(self, plaintext: bytes, context: bytes) -> bytes:
        """Encrypt under the primary key, to be opened with an equal context only."""
        self.refresh()
        sealed: bytes = self._keyset.aead.encrypt(plaintext, context)
        return sealed

    def open(self, ciphertext: bytes, context: bytes) -> bytes:
        """Decrypt, whichever key of the set was used.

        Raises `CastlineError` (code `seal_broken`) when the key is not in the set, the
        context is another one or the bytes were changed: which of them, nobody can tell.
        """
        if self.key_id_of(ciphertext) not in self._keyset.key_ids:
            self.refresh()
        try:
            plaintext: bytes = self._keyset.aead.decrypt(ciphertext, context)
        except tink.TinkError:
            raise CastlineError(
                "seal_broken",
                f"A sealed value does not open with this key set (it names key "
                f"{self.key_id_of(ciphertext)}). Check that the key set is the one that the "
                "database was sealed with.",
            ) from None
        return plaintext

    def verify_source(self) -> None:
        """Check that the file still holds the key that seals; nothing is changed.

        Raises `CastlineError` as `from_file`, and with code `keyset_replaced` when the file has
        lost the key: after a restart nothing that is sealed now would open.
        """
        if self._path is None:
            return
        content, _ = _read(self._path)
        if self.primary_key_id not in _KeySet.parse(content).key_ids:
            raise CastlineError(
                "keyset_replaced",
                f"The key set {self._path} lacks the key {self.primary_key_id}, which seals. "
                "Restore the key set that the database was sealed with.",
            )

    def refresh(self) -> None:
        """Read the file again if it was replaced. Otherwise it costs one `stat`."""
        if self._path is None:
            return
        try:
            if _version_of(self._path.stat()) == self._version:
                return
        except OSError:
            return  # away: what is in memory stays in force
        with self._reading:
            try:
                content, version = _read(self._path)
                if version == self._version:
                    return
                # Said before it is parsed: a file that is no key set is not parsed at each call.
                self._version = version
                self._keyset = _KeySet.parse(content)
            except CastlineError as error:
                _log.error("the replaced key set is not used: %s", error.sentence)
                return
        _log.info("the key set was read again: key %s seals", self.primary_key_id)

    @property
    def newest_key_id(self) -> str:
        """The key that was added last. It seals nothing until it is made the primary one."""
        return self._keyset.key_ids[-1]

    def with_new_key(self) -> Secret:
        """This key set with one more key, which opens and does not seal yet."""
        keyset = self._json()
        while True:
            fresh = json.loads(create_keyset().reveal())
            if str(fresh["primaryKeyId"]) not in self.key_ids:
                break
        keyset["key"] += fresh["key"]
        return _written(keyset)

    def with_newest_primary(self) -> Secret:
        """This key set with its newest key as the one that seals."""
        return _written({**self._json(), "primaryKeyId": int(self.newest_key_id)})

    def without(self, key_id: str) -> Secret:
        """This key set without a key, which must not be the primary one."""
        keyset = self._json()
        keyset["key"] = [key for key in keyset["key"] if str(key["keyId"]) != key_id]
        return _written(keyset)

    def _json(self) -> Any:
        handle = self._keyset.handle
        return json.loads(json_proto_keyset_format.serialize(handle, secret_key_access.TOKEN))


def _written(keyset: dict[str, Any]) -> Secret:
    return Secret(json.dumps(keyset, indent=2))


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
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _create_private(path, create_keyset())
    # Also one that another process has just made: what is sealed from here on needs it.
    sync_folder(path.parent)
    _read(path)


def _create_private(path: Path, content: Secret) -> None:
    # A link appears with its whole content and never replaces what another process made.
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        write_private(draft, content.reveal())
        path.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink(missing_ok=True)


def replace_keyset_file(path: Path, keyset: Secret) -> None:
    """Put another key set in the place of a file's, in one step and mode 0600."""
    replace_private(path, keyset.reveal())


def _read(path: Path) -> tuple[Secret, _Version]:
    """A file's content, and which one it was. Raises `CastlineError`."""
    try:
        with path.open(encoding="utf-8") as file:
            status = os.fstat(file.fileno())
            _refuse_exposed(path, status)
            return Secret(file.read()), _version_of(status)
    except OSError as error:
        raise _missing(path, error) from error
    except UnicodeDecodeError:
        return Secret(""), _version_of(status)  # no key set, and parsed as such


def _version_of(status: os.stat_result) -> _Version:
    return status.st_ino, status.st_mtime_ns, status.st_size


def _refuse_exposed(path: Path, status: os.stat_result) -> None:
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o077:
        raise CastlineError(
            "keyset_exposed",
            f"The key set {path} may be read by others (mode {mode:04o}). "
            f"Run `chmod 600 {path}`, and rotate the key set if anyone else had access.",
        )


def _missing(path: Path, error: OSError) -> CastlineError:
    if isinstance(error, FileNotFoundError):
        return CastlineError(
            "keyset_missing",
            f"The key set {path} is not there. For a new installation run `castline migrate`; "
            "otherwise restore it from a backup.",
        )
    return CastlineError("keyset_missing", f"The key set cannot be read. {explain(error)}")
