"""Rotating the key set beside running processes.

The new key is added first and seals nothing; once every running process has it, it is made the
one that seals; once every running process seals with it, all stored values are sealed again.
So no process meets a value that it cannot open, and none seals with a key that is replaced.
Each step replaces the file as a whole and may be run again after an interruption.
"""

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from domain.errors import Conflict
from runtime.parts import load_keyring
from runtime.settings import Settings
from store.engine import Store
from store.keyring import Keyring, replace_keyset_file
from store.queries.processes import list_running, record_replaced, refuse_if_any
from store.resealing import reseal_all
from store.tables import Process
from store.vault import Vault

WAIT_SECONDS = 45.0
"""A running process looks at the file every five seconds; one that was killed counts for 30."""

_LOOK_SECONDS = 0.2


def rotate(
    settings: Settings, store: Store, *, only_reseal: bool, wait: float = WAIT_SECONDS
) -> str:
    """Rotate the key set and reseal everything stored. Returns what was done.

    Interrupted anywhere, it may be run again: a key that was added and seals nothing yet is
    taken up. Raises `Conflict`: `processes_behind` when a running process does not get the key
    within `wait` seconds, and `keyset_not_ours` when the key set is not in a file of ours.
    """
    if only_reseal:
        return _reseal(store, load_keyring(settings), wait)
    if settings.keyset is not None:
        raise Conflict(
            "keyset_not_ours",
            "The key set comes from CASTLINE_KEYSET, so this command cannot change it. Add a key "
            "to it that is not the primary one and restart everything. Make that key the primary "
            "one and restart everything again. Then run `castline rotate-keys --reseal`.",
        )
    with changing_keyset(settings):
        keyring = load_keyring(settings)
        if keyring.newest_key_id == keyring.primary_key_id:
            replace_keyset_file(settings.keyset_file, keyring.with_new_key())
            keyring = load_keyring(settings)
        new = keyring.newest_key_id
        _await_processes(
            store,
            lambda row: new in row.key_ids,
            wait,
            f"Key {new} was added and seals nothing yet, because these processes have not read "
            f"it. Check that they read {settings.keyset_file} (mode 0600), or stop them, and run "
            "this again:",
        )
        replace_keyset_file(settings.keyset_file, keyring.with_newest_primary())
    return _reseal(store, load_keyring(settings), wait)


def _reseal(store: Store, keyring: Keyring, wait: float) -> str:
    primary = keyring.primary_key_id
    _await_processes(
        store,
        lambda row: row.primary_key_id == primary,
        wait,
        f"Key {primary} is the primary one, but these processes still seal with another. Restart "
        "them with the present key set and run `castline rotate-keys --reseal`:",
    )
    with store.write() as session:
        record_replaced(session, keyring)
    count = reseal_all(store, Vault(keyring))
    others = [key_id for key_id in keyring.key_ids if key_id != primary]
    kept = (
        f" Kept for what Temporal and backups hold: {', '.join(others)}. "
        "`castline rotate-keys --retire KEY_ID` removes one."
        if others
        else ""
    )
    return f"Key {primary} seals from now on. {count} stored values were resealed.{kept}"


def _await_processes(
    store: Store, is_ready: Callable[[Process], bool], seconds: float, sentence: str
) -> None:
    deadline = time.monotonic() + seconds
    while True:
        with store.read() as session:
            behind = [row for row in list_running(session) if not is_ready(row)]
        if not behind:
            return
        if time.monotonic() > deadline:
            refuse_if_any(behind, sentence)
        time.sleep(_LOOK_SECONDS)


@contextmanager
def changing_keyset(settings: Settings) -> Iterator[None]:
    """Hold the key set file for this command. Raises `Conflict` (code `keyset_busy`)."""
    with (settings.data_dir / "keyset.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(
                "keyset_busy", "Another command is changing the key set. Run this again after it."
            ) from None
        yield
