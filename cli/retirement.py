"""Taking a replaced key out of the key set, once nothing needs it.

The database is asked for values that are sealed with the key, Temporal for runs that may hold
payloads of it. Backups are not looked at: the answer says which ones become unreadable.
"""

from contextlib import nullcontext
from datetime import UTC, datetime

from temporalio.client import Client

from cli.rotation import changing_keyset
from domain.errors import Conflict, NotFound
from runtime.key_use import (
    IN_FLIGHT,
    count_runs_of_before,
    find_open_run_with,
    find_retention,
)
from runtime.parts import load_keyring
from runtime.settings import Settings
from runtime.temporal import renew_schedules
from store.engine import Store
from store.keyring import Keyring, replace_keyset_file
from store.queries.processes import find_replaced, list_running, refuse_if_any
from store.resealing import count_sealed_with


async def retire(settings: Settings, store: Store, client: Client, key_id: str) -> str:
    """Take a key out of the key set. Returns what was done and what became unreadable.

    Nothing is changed unless every check passed, so it may be run again at any time. Raises
    `NotFound` (code `encryption_key_not_found`) for a key that is not in the set, and `Conflict`
    with the reason for one that is needed.
    """
    with nullcontext() if settings.keyset is not None else changing_keyset(settings):
        keyring = load_keyring(settings)
        if key_id not in keyring.key_ids:
            raise NotFound(
                "encryption_key_not_found",
                f"The key set has no key {key_id}. It has {', '.join(keyring.key_ids)}.",
            )
        replaced_at = _check_replaced(store, keyring, key_id)
        if count := count_sealed_with(store, key_id):
            raise Conflict(
                "encryption_key_needed",
                f"{count} stored values are sealed with key {key_id}. Run `castline rotate-keys "
                "--reseal` first.",
            )
        await _check_temporal(client, key_id, replaced_at)
        done = _remove(settings, keyring, key_id)
    return (
        f"{done} Backups of the database and of Temporal from before {_date(replaced_at)} become "
        "unreadable without a copy of the key, and re-authorization links that were sent before "
        "then stop working."
    )


def _remove(settings: Settings, keyring: Keyring, key_id: str) -> str:
    if settings.keyset is not None:
        return f"Nothing needs key {key_id}. Remove it from CASTLINE_KEYSET and restart everything."
    replace_keyset_file(settings.keyset_file, keyring.without(key_id))
    return f"Key {key_id} was removed from {settings.keyset_file}."


def _check_replaced(store: Store, keyring: Keyring, key_id: str) -> datetime:
    """When the key stopped to seal. Raises `Conflict` unless that is certain."""
    if key_id == keyring.primary_key_id:
        raise Conflict(
            "encryption_key_needed",
            f"Key {key_id} is the primary one. Run `castline rotate-keys` first.",
        )
    with store.read() as session:
        behind = [
            row for row in list_running(session) if row.primary_key_id != keyring.primary_key_id
        ]
        replaced = find_replaced(session, key_id)
    refuse_if_any(behind, f"These processes do not seal with key {keyring.primary_key_id} yet:")
    if replaced is None:
        raise Conflict(
            "encryption_key_needed",
            f"It is not known since when key {key_id} seals nothing. Run `castline rotate-keys "
            "--reseal` first, which notes it.",
        )
    return replaced.replaced_at


async def _check_temporal(client: Client, key_id: str, replaced_at: datetime) -> None:
    """Raise `Conflict` while Temporal may need the key."""
    await renew_schedules(client)
    if count := await count_runs_of_before(client, replaced_at):
        retention = await find_retention(client)
        earliest = replaced_at + IN_FLIGHT + retention
        raise Conflict(
            "encryption_key_needed",
            f"Temporal still has {count} workflow runs from before {_date(replaced_at)}, whose "
            f"payloads may be sealed with key {key_id}. It keeps closed runs for "
            f"{retention.days} days. Run this again after {_date(earliest)}, once the open ones "
            "have closed.",
        )
    if (found := await find_open_run_with(client, key_id)) is not None:
        raise Conflict(
            "encryption_key_needed",
            f"The open workflow {found} holds a payload sealed with key {key_id}. Run this again "
            "after it has closed.",
        )


def _date(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
