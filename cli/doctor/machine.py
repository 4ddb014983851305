"""This machine: Python, folders, file modes, free space, isolation of the probe."""

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

from cli.doctor.installation import Installation
from domain.errors import Unavailable
from media.probe.pool import PROBES
from runtime.health.disks import MIB, Place, find_places, lack_of, remedy_of
from runtime.health.finding import Finding, Skipped, failed, in_thread, ok, warning
from runtime.probing import NO_ISOLATION, NO_LANDLOCK

_NAMED = 5


async def look_at_python(_: Installation) -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return ok("python", f"{version} at {sys.executable}")


async def look_at_data_folder(here: Installation) -> Finding:
    data = here.settings.data_dir.resolve()
    if not data.is_dir():
        return failed(
            "data folder",
            f"{data} is not there",
            "`castline up` makes it; CASTLINE_DATA_DIR names another one.",
        )
    mode = data.stat().st_mode & 0o777
    if mode & 0o022:
        return failed("data folder", f"{data} may be written by others", f"chmod go-w {data}")
    return ok("data folder", str(data))


async def look_at_file_modes(here: Installation) -> Finding:
    """Whether other users of this machine can read what lies in the data folder."""
    data = here.settings.data_dir.resolve()
    if not data.is_dir():
        raise Skipped("there is no data folder")
    open_to_others = await in_thread(find_readable, data)
    if not open_to_others:
        return ok("file modes", "nothing in the data folder can be read by others")
    names = [str(path.relative_to(data.parent)) for path in open_to_others[:_NAMED]]
    more = len(open_to_others) - len(names)
    return failed(
        "file modes",
        f"others can read {', '.join(names)}{f' and {more} more' if more else ''}",
        f"chmod -R go= {data}",
    )


def find_readable(folder: Path) -> list[Path]:
    """The folder and what lies in it, as far as group or others may read it."""
    found = [path for path in (folder, *sorted(folder.rglob("*"))) if not path.is_symlink()]
    return [path for path in found if path.exists() and path.stat().st_mode & 0o077]


async def look_at_folders(here: Installation) -> list[Finding]:
    """Free space of each folder, and whether a file can really be made in it."""
    places = await in_thread(find_places, here.settings)
    return list(await asyncio.gather(*(in_thread(_look_at_place, here, one) for one in places)))


def _look_at_place(here: Installation, place: Place) -> Finding:
    subject, free = f"folder of the {place.name}", place.free // MIB
    total = shutil.disk_usage(place.folder).total // MIB
    figures = {"freeMib": free, "totalMib": total}
    try:
        with tempfile.TemporaryFile(dir=place.folder) as file:
            file.write(b"\0")
    except OSError as error:
        fact = f"{place.folder} cannot be written ({error.strerror})"
        return failed(subject, fact, remedy_of(place), **figures)
    fact = f"{place.folder} has {free} of {total} MiB free"
    if lack_of(place, here.settings) is not None:
        judge = failed if place.name == "database" else warning
        return judge(subject, fact, remedy_of(place), **figures)
    if place.name == "data" and free < here.settings.storage_floor_mib:
        return warning(
            subject,
            f"{fact}; uploads leave {here.settings.storage_floor_mib} MiB and are refused now",
            "Free space on its disk, or lower CASTLINE_STORAGE_FLOOR_MIB.",
            **figures,
        )
    return ok(subject, fact, **figures)


async def look_at_isolation(here: Installation) -> Finding:
    try:
        isolation = await in_thread(PROBES.measure_isolation)
    except Unavailable:
        return failed(
            "probe isolation",
            "not measured: the process that reads video files does not start",
            "Install Castline's packages again (pymediainfo), and allow processes to be started.",
        )
    if isolation.landlock and isolation.seccomp:
        return ok("probe isolation", str(isolation))
    if isolation.is_complete:
        return ok("probe isolation", f"{isolation}. {NO_LANDLOCK}")
    if here.settings.probe_without_isolation:
        return warning("probe isolation", f"{isolation}, accepted by the settings", NO_ISOLATION)
    return failed("probe isolation", str(isolation), NO_ISOLATION)
