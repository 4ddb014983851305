"""Where the processes of this installation are: `up.json` in the data folder.

A process writes its addresses when it is ready and takes them out when it ends, so that commands
find it whatever its ports are. An entry whose process has ended counts for nothing. The file holds
addresses only, and it belongs to one data folder: two installations do not see each other.
"""

import fcntl
import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cli.output import tell
from domain.errors import Unavailable
from runtime.settings import Settings

NAME = "up.json"
_MOST = 50
"""Entries that are kept. Those of other machines that share the folder cannot be looked at."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Of one process, or of all of them together. None: no process is known to have it."""

    api: str | None = None
    """`http://host:port`, as this machine reaches it."""
    temporal: str | None = None
    """`host:port`."""
    temporal_ui: str | None = None
    emulator: str | None = None
    brings_temporal: bool = False
    """True for a `castline up`, whose Temporal is its own."""


def file_of(settings: Settings) -> Path:
    """Where the addresses of this installation are written."""
    return settings.data_dir.resolve() / NAME


@contextmanager
def announced(settings: Settings, role: str, addresses: Addresses) -> Iterator[None]:
    """Let commands find this process inside the block.

    A folder that cannot be written is said and changes nothing else. It is never made.
    """
    path = file_of(settings)
    if not path.parent.is_dir():
        # Nothing of the installation is kept here, and an empty folder would hide a lost one.
        yield
        return
    own = {"role": role, **_this_process(), **asdict(addresses)}
    try:
        _change(path, add=own)
    except OSError as error:
        tell(f"{path} cannot be written ({error.strerror}): commands look where the settings say.")
    try:
        yield
    finally:
        with suppress(OSError):
            _change(path, remove=own)


def find_running(settings: Settings) -> Addresses:
    """The addresses of the processes that run now, of the latest one where several have one."""
    found: dict[str, Any] = {}
    for entry in _read(file_of(settings)):
        if _runs(entry):
            known = {name: entry.get(name) for name in Addresses.__dataclass_fields__}
            found |= {name: value for name, value in known.items() if _is_told(value)}
    return Addresses(**found)


def with_api_address(settings: Settings) -> Settings:
    """The settings as another process than the API needs them, where the API chooses its port.

    Links that lead to the API are made of its address. Raises `Unavailable` when it is not known.
    """
    if settings.port != 0 or settings.public_url is not None:
        return settings
    if (running := find_running(settings).api) is None:
        raise Unavailable(
            "api_address_unknown",
            f"CASTLINE_PORT=0 lets the API choose its port, and {file_of(settings)} names no "
            "running API. Start `castline api` first, or set CASTLINE_PUBLIC_URL.",
        )
    return settings.model_copy(update={"public_url": running})


def _change(
    path: Path,
    *,
    add: Mapping[str, Any] | None = None,
    remove: Mapping[str, Any] | None = None,
) -> None:
    # The folder is the lock, so no file is left for it.
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        kept = [entry for entry in _read(path) if entry != remove and _may_run(entry)]
        kept += [dict(add)] if add else []
        if not kept:
            path.unlink(missing_ok=True)
            return
        draft = path.with_suffix(".draft")
        with os.fdopen(
            os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "w"
        ) as file:
            json.dump({"processes": kept[-_MOST:]}, file, indent=2)
        draft.replace(path)
    finally:
        os.close(folder)


def _read(path: Path) -> list[dict[str, Any]]:
    """The entries; none where the file is missing or no such list."""
    try:
        entries = json.loads(path.read_bytes())["processes"]
        return [entry for entry in entries if isinstance(entry, dict)]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _is_told(value: object) -> bool:
    return value is True or (isinstance(value, str) and bool(value))


def _this_process() -> dict[str, Any]:
    return {"host": socket.gethostname(), "pid": os.getpid(), "started": _start_of(os.getpid())}


def _may_run(entry: Mapping[str, Any]) -> bool:
    return entry.get("host") != socket.gethostname() or _runs(entry)


def _runs(entry: Mapping[str, Any]) -> bool:
    """True for a process of this machine that is still the one that wrote the entry."""
    pid = entry.get("pid")
    if entry.get("host") != socket.gethostname() or not isinstance(pid, int) or pid < 1:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return entry.get("started") == _start_of(pid)


def _start_of(pid: int) -> str | None:
    """When a process started, by Linux; None where it has ended or no such thing can be asked."""
    try:
        # The name of the program stands in brackets and may hold anything.
        state, *fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except (OSError, ValueError):
        return None
    return None if state == b"Z" else fields[18].decode()
