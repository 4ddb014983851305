"""`backup.json`: what lies beside a dumped database, and what a restore has to know of it.

It is written last, so a folder without it holds no whole backup.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from domain.errors import CastlineError, Conflict, NotFound
from store.files import replace_private
from store.keyring import Keyring

NAME = "backup.json"
_CONTEXT = b"backup/check/"


@dataclass(frozen=True, slots=True)
class Marker:
    installation_id: str
    epoch: int
    generation: int
    taken_at: datetime
    """A moment before the database was copied."""
    schema: str
    version: str
    """Of Castline."""
    database: str
    """`sqlite` or `postgresql`."""
    file: str
    """The dump's name in the same folder."""
    key_ids: tuple[str, ...]
    """The keys that the sealed values in it need."""
    check: str
    """A value sealed with the primary key, which tells whether a key set opens this backup."""


def seal_check(keyring: Keyring, installation_id: str) -> str:
    """The marker's `check`: the installation's id, sealed."""
    return base64.b64encode(keyring.seal(installation_id.encode(), _CONTEXT)).decode()


def require_keys(marker: Marker, keyring: Keyring) -> None:
    """Raise `Conflict` (code `keyset_of_another_backup`) for a key set that does not open it."""
    missing = [key_id for key_id in marker.key_ids if key_id not in keyring.key_ids]
    try:
        opened = keyring.open(base64.b64decode(marker.check), _CONTEXT).decode()
    except (CastlineError, ValueError):
        opened = None
    if missing or opened != marker.installation_id:
        named = f" It lacks key {', '.join(missing)}." if missing else ""
        raise Conflict(
            "keyset_of_another_backup",
            f"The present key set does not open this backup.{named} Put the key set that was in "
            "use when the backup was taken in place and run this again. Without it every channel "
            "has to be connected again.",
        )


def read_marker(folder: Path) -> Marker:
    """Raises `NotFound` (code `backup_not_found`) where there is no whole backup."""
    try:
        said: Mapping[str, Any] = json.loads((folder / NAME).read_text(encoding="utf-8"))
        named = {field.name: said[field.name] for field in fields(Marker)}
        marker = Marker(
            **{
                **named,
                "taken_at": datetime.fromisoformat(named["taken_at"]),
                "key_ids": tuple(named["key_ids"]),
            }
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise _no_backup(folder) from None
    # The name comes from a file, so it must not lead out of the folder.
    if Path(marker.file).name != marker.file or not (folder / marker.file).is_file():
        raise _no_backup(folder)
    return marker


def write_marker(folder: Path, marker: Marker) -> None:
    """Write it in one step, mode 0600."""
    said = {**asdict(marker), "taken_at": marker.taken_at.isoformat()}
    replace_private(folder / NAME, json.dumps(said, indent=2) + "\n")


def _no_backup(folder: Path) -> NotFound:
    return NotFound(
        "backup_not_found",
        f"There is no whole backup in {folder}: {NAME} or the database beside it is missing or "
        "unreadable. Name the folder that `castline backup` wrote.",
    )
