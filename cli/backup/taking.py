"""Taking a backup while everything runs."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

from cli.backup.databases import database_of
from cli.backup.marker import NAME, Marker, seal_check, write_marker
from domain.errors import Conflict, InvalidRequest
from runtime.parts import load_keyring
from runtime.settings import Settings
from runtime.version import VERSION
from store.engine import Store
from store.files import create_private, sync_folder
from store.queries.installation import ensure_installation
from store.resealing import count_sealed_with


def back_up(settings: Settings, store: Store, folder: Path, keys: Path | None = None) -> Marker:
    """Write the database and its marker into `folder`, and the key set into `keys`.

    Both folders are made where they are missing. Raises `Conflict` (code `backup_exists`) for a
    folder that holds a backup, and `InvalidRequest` for keys in the same folder, or
    where they lie already. Where it fails,
    nothing is left that a restore would take.
    """
    if keys is not None:
        _refuse_same(settings, folder, keys)
    keyring = load_keyring(settings)
    database = database_of(settings)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    dump = folder / database.dump_name
    if dump.exists() or (folder / NAME).exists():
        raise Conflict(
            "backup_exists", f"{folder} holds a backup already. Name a folder of its own for each."
        )
    with store.write() as session:
        row = ensure_installation(session)
    taken_at = datetime.now(UTC)
    draft = folder / f".{database.dump_name}.draft"
    try:
        database.dump(draft)
        draft.replace(dump)
    finally:
        draft.unlink(missing_ok=True)
    marker = Marker(
        installation_id=row.installation_id,
        epoch=row.epoch,
        generation=row.generation,
        taken_at=taken_at,
        schema=store.schema_versions().found or "",
        version=VERSION,
        database=database.kind,
        file=database.dump_name,
        key_ids=tuple(key for key in keyring.key_ids if count_sealed_with(store, key)),
        check=seal_check(keyring, row.installation_id),
    )
    write_marker(folder, marker)
    if keys is not None:
        _copy_keys(settings, keys)
    return marker


def _refuse_same(settings: Settings, folder: Path, keys: Path) -> None:
    if settings.keyset is None and keys.resolve() == settings.keyset_file.parent.resolve():
        raise InvalidRequest(
            "keys_in_place",
            f"The key set lies in {keys} already, and a copy has to lie elsewhere. Name another "
            "folder for --keys, best on another machine.",
        )
    if keys.resolve() == folder.resolve() or folder.resolve() in keys.resolve().parents:
        raise InvalidRequest(
            "keys_beside_backup",
            "The database and the key set together open every token. Name another folder for "
            "--keys, best on another machine.",
        )


def _copy_keys(settings: Settings, keys: Path) -> None:
    if settings.keyset is not None:
        raise InvalidRequest(
            "keyset_not_ours",
            "The key set comes from CASTLINE_KEYSET, so it is kept where that is set. The "
            "database was backed up.",
        )
    keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = keys / f".{settings.keyset_file.name}.draft"
    with settings.keyset_file.open("rb") as source, create_private(draft) as file:
        shutil.copyfileobj(source, file)
    draft.replace(keys / settings.keyset_file.name)
    sync_folder(keys)
