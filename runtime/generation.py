"""The file beside the key set that says how far the database had come.

The database is put back by a restore, and this file is not: where it is ahead, the database is
older than the work that was done with it. Both have the installation's id, so a file of another
database says nothing. Where the key set comes from the environment, or its folder cannot be
written to, there is no file, and only what Temporal knows gives a restore away.
"""

import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from domain.errors import CastlineError
from runtime.settings import Settings
from store.engine import Store
from store.files import replace_private
from store.queries import installation

_log = logging.getLogger("castline.restore")


@dataclass(frozen=True, slots=True)
class Generation:
    installation_id: str
    number: int


def generation_file(settings: Settings) -> Path | None:
    """Where the file lies. None: the key set is in no file."""
    if settings.keyset is not None:
        return None
    return settings.keyset_file.with_name(settings.keyset_file.name + ".generation")


def read_generation(path: Path | None) -> Generation | None:
    """What the file says. None: it is not there, or says nothing."""
    if path is None:
        return None
    try:
        said = json.loads(path.read_text())
        return Generation(str(said["installation_id"]), int(said["number"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_generation(path: Path | None, generation: Generation) -> None:
    """Replace the file in one step, mode 0600. One that is ahead stays; never fails."""
    if path is None:
        return
    before = read_generation(path)
    if before is not None and is_ahead(before, generation.installation_id, generation.number - 1):
        return
    try:
        replace_private(path, json.dumps(asdict(generation)))
    except OSError as error:
        _log.warning("the generation was not written to %s: %s", path, type(error).__name__)


def get_installation_id(store: Store) -> str:
    """The id of the installation that the database belongs to, given at the first call."""
    with store.write() as session:
        return installation.ensure_installation(session).installation_id


def note_generation(settings: Settings, store: Store) -> str:
    """Raise the generation in the database, then in the file. Called by each sweep.

    Returns the installation's id.
    """
    with store.write() as session:
        row = installation.note_generation(session)
    write_generation(generation_file(settings), Generation(row.installation_id, row.generation))
    return row.installation_id


def notice_restore(settings: Settings, store: Store) -> bool:
    """Begin a restore where the file is ahead of the database. True: one was begun.

    Called at the start of each process and of each sweep. A database that cannot be read is not
    judged: the next sweep looks again.
    """
    noted = read_generation(generation_file(settings))
    if noted is None:
        return False
    try:
        with store.read() as session:
            row = installation.find_installation(session)
        if row is None or not is_ahead(noted, row.installation_id, row.generation):
            return False
        with store.write() as session:
            row = installation.ensure_installation(session)
            if not is_ahead(noted, row.installation_id, row.generation):
                return False  # another process was first
            gap_from = installation.find_gap_start(session)
            count = installation.begin_restore(session, gap_from, generation=noted.number)
    except (CastlineError, SQLAlchemyError) as error:
        _log.warning("whether the database was restored is not known: %s", type(error).__name__)
        return False
    _log.warning(
        "the database is older than the work done with it: it was restored from a backup. "
        "%d open assignments are read back on their platforms since %s before anything is sent.",
        count,
        gap_from.isoformat(),
    )
    return True


def is_ahead(noted: Generation, installation_id: str, generation: int) -> bool:
    """True where the file proves that the database with this generation is an older copy."""
    return noted.installation_id == installation_id and noted.number > generation
