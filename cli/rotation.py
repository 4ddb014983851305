"""A fresh key for the key set, and everything stored sealed with it."""

import os
import secrets
from pathlib import Path

from domain.errors import Conflict
from domain.secrets import Secret
from runtime.parts import load_keyring
from settings import Settings
from store.engine import Store
from store.keyring import Keyring
from store.vault import Vault, reseal_all


def rotate(settings: Settings, store: Store, *, only_reseal: bool) -> str:
    """Rotate and reseal, and return what was done in a sentence.

    Interrupted anywhere, it may be run again: the file is replaced in one step, and resealing
    goes on where it stopped. Raises `Conflict` when this machine's Castline still runs, or when
    the key set is not in a file of ours.
    """
    keyring = load_keyring(settings)
    if not only_reseal:
        if settings.keyset is not None:
            raise Conflict(
                "keyset_not_ours",
                "The key set comes from CASTLINE_KEYSET. Add a key there, restart everything and "
                "run `castline rotate-keys --reseal`.",
            )
        _refuse_while_up(settings)
        rotated = keyring.rotated()
        _replace(settings.keyset_file, rotated)
        keyring = Keyring.from_json(rotated)
    count = reseal_all(store, Vault(keyring))
    return f"Key {keyring.primary_key_id} seals from now on; {count} stored values were resealed."


def _refuse_while_up(settings: Settings) -> None:
    from cli.local.up import only_one

    with only_one(settings.data_dir.resolve()):
        return


def _replace(path: Path, keyset: Secret) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(keyset.reveal())
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
