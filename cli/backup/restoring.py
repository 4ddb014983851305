"""Putting a backup in the place of the database, while nothing of Castline runs."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import delete
from sqlalchemy.exc import SQLAlchemyError

from cli.backup.databases import Database, database_of
from cli.backup.marker import Marker, read_marker, require_keys
from cli.local.up import only_one
from domain.clocks import CLOCK_MARGIN
from domain.errors import CastlineError, Conflict, DatabaseUnavailable
from runtime.generation import Generation, generation_file, read_generation, write_generation
from runtime.parts import build_store, load_keyring
from runtime.settings import Settings
from store.engine import Store
from store.queries.installation import begin_restore, find_installation
from store.queries.processes import list_running, names_of
from store.schema import knows_revision
from store.tables import Process, Sweep


@dataclass(frozen=True, slots=True)
class Restored:
    marker: Marker
    open_assignments: int
    kept: str | None
    """Where the database of before is. None: there was none."""


def restore(settings: Settings, folder: Path, *, other_installation: bool = False) -> Restored:
    """Restore the backup in `folder` and begin the next epoch.

    Raises `CastlineError` with the reason where it must not be, or could not be, and then the
    present database is as it was. A retry restores once more, and keeps one more database aside.
    """
    marker = read_marker(folder)
    database = database_of(settings)
    _check(marker, database)
    require_keys(marker, load_keyring(settings))
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with only_one(settings.data_dir, way_out="Stop it first, then run this again."):
        noted = read_generation(generation_file(settings))
        present = _inspect(settings, database)
        if present.running:
            raise Conflict(
                "processes_running",
                f"Stop these processes first, then run this again: {present.running}. "
                "One that was killed counts as running for 30 seconds.",
            )
        known = present.installation_id or (noted.installation_id if noted else None)
        if known not in (None, marker.installation_id) and not other_installation:
            raise Conflict(
                "other_installation",
                f"The backup is of installation {marker.installation_id}, and this one is "
                f"{known}. Two that run on the same accounts would publish everything twice. If "
                "this one is to become that one, add --other-installation.",
            )
        is_same = noted is not None and noted.installation_id == marker.installation_id
        preparing = _Preparing(marker, noted.number if noted and is_same else 0)
        kept = database.restore(folder / marker.file, preparing.prepare)
        write_generation(
            generation_file(settings), Generation(marker.installation_id, preparing.generation)
        )
    return Restored(marker, preparing.open_assignments, kept)


def _check(marker: Marker, database: Database) -> None:
    if marker.database != database.kind:
        raise Conflict(
            "other_database",
            f"The backup is of {marker.database}, and the settings name {database.kind}. Set "
            "CASTLINE_DATABASE_URL to a database of that kind.",
        )
    if not knows_revision(marker.schema):
        raise Conflict(
            "backup_is_newer",
            f"The backup is of Castline {marker.version}, whose schema {marker.schema} this "
            "version does not know. Install that version or a later one.",
        )


@dataclass(frozen=True, slots=True)
class _Present:
    running: str = ""
    """The processes that use it."""
    installation_id: str | None = None


def _inspect(settings: Settings, database: Database) -> _Present:
    """What the present database says. One that is damaged, or empty, says nothing."""
    if not database.is_there:
        return _Present()
    store = build_store(settings)
    try:
        with store.read() as session:
            row = find_installation(session)
            running = names_of(list_running(session))
        return _Present(running, None if row is None else row.installation_id)
    except DatabaseUnavailable:
        if database.kind == "sqlite":
            return _Present()  # a damaged file is what a backup is for
        raise
    except SQLAlchemyError:
        return _Present()
    finally:
        store.close()


class _Preparing:
    """Makes of a dumped database one that knows that it was restored."""

    def __init__(self, marker: Marker, noted: int) -> None:
        self._marker = marker
        self._noted = noted
        self.open_assignments = 0
        self.generation = 0

    def prepare(self, store: Store) -> None:
        """Raises `CastlineError` where the dump is not what its marker says."""
        try:
            store.migrate()
            with store.write() as session:
                row = find_installation(session)
                if row is None or row.installation_id != self._marker.installation_id:
                    raise CastlineError(
                        "backup_failed", "The backup is damaged: the database is another one."
                    )
                # They ran when the backup was taken; a sweep is due at once.
                for table in (Process, Sweep):
                    session.connection().execute(delete(table))
                self.open_assignments = begin_restore(
                    session, self._marker.taken_at - CLOCK_MARGIN, generation=self._noted
                )
                self.generation = row.generation
        except (DatabaseUnavailable, SQLAlchemyError) as error:
            raise CastlineError(
                "backup_failed",
                f"The backup is damaged: its database cannot be read ({type(error).__name__}).",
            ) from None
