"""Free space, and folders that cannot be written."""

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from runtime.health.finding import Finding, failed, ok, skipped, warning
from runtime.parts import database_files
from runtime.settings import Settings

MIB = 1 << 20
TEMP_FLOOR = 16 * MIB
"""Least free space for temporary files. Containers have 64 MiB of them."""


@dataclass(frozen=True, slots=True)
class Place:
    """A folder that Castline writes to, and its free space."""

    name: str
    folder: Path
    free: int
    is_writable: bool


def find_places(settings: Settings) -> list[Place]:
    """The folders that are there: of an SQLite database, of the data, of temporary files."""
    named = {"database": folder} if (folder := database_folder(settings)) else {}
    named |= {"data": settings.data_dir.resolve(), "temporary files": Path(tempfile.gettempdir())}
    return [_place(name, folder) for name, folder in named.items() if folder.is_dir()]


def database_folder(settings: Settings) -> Path | None:
    """Where an SQLite database lies; None for one that is elsewhere."""
    files = database_files(settings)
    return files[0].resolve().parent if files else None


def check_disk(settings: Settings) -> Finding:
    """Whether there is room to accept: without room under the database nothing can be."""
    places = find_places(settings)
    if not places:
        return skipped("disk", "no folder of this installation is on this machine")
    least = min(place.free for place in places) // MIB
    for place in places:
        lack = lack_of(place, settings)
        if lack is None:
            continue
        judge = failed if place.name == "database" else warning
        return judge(
            "disk", f"the folder of the {place.name} {lack}", remedy_of(place), freeMib=least
        )
    return ok("disk", f"{least} MiB are free", freeMib=least)


def lack_of(place: Place, settings: Settings) -> str | None:
    """What is wrong with a folder; None when nothing is."""
    if not place.is_writable:
        return "cannot be written"
    floor = TEMP_FLOOR if place.name == "temporary files" else settings.ready_floor_mib * MIB
    return f"has only {place.free // MIB} MiB free" if place.free < floor else None


def remedy_of(place: Place) -> str:
    if place.is_writable:
        return "Free space on its disk."
    return "Mount it writable, and let the user that runs Castline write to it."


def _place(name: str, folder: Path) -> Place:
    return Place(name, folder, shutil.disk_usage(folder).free, os.access(folder, os.W_OK))
