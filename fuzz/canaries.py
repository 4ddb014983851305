"""Files that nobody may open and a host that nobody may call: they say whether somebody did."""

import asyncio
import ctypes
import os
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

_IN_OPEN = 0x20
_EVENT = struct.Struct("iIII")


@dataclass
class Canaries:
    """Nothing that is published names them; only hostile input does."""

    files: Mapping[str, Path]
    """By name without ending, such as `clip`."""
    url: str = ""
    """An address of the host that only the content of a file names, or a redirect."""
    found: list[str] = field(default_factory=list)
    """What was opened or called."""


@asynccontextmanager
async def canaries(folder: Path, contents: Mapping[str, bytes]) -> AsyncIterator[Canaries]:
    """Make the files, by name, in a folder that exists; watch them, and listen on this machine."""
    here = Canaries({name.partition(".")[0]: folder / name for name in contents})
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    watch = _watch_opens(folder)
    loop = asyncio.get_running_loop()
    loop.add_reader(watch, _note_opened, here, watch)

    async def called(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        here.found.append(f"a host was called that only content names: {await reader.read(100)!r}")
        writer.close()

    server = await asyncio.start_server(called, "127.0.0.1", 0)
    here.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/canary.mp4"
    try:
        yield here
    finally:
        loop.remove_reader(watch)
        os.close(watch)
        server.close()


def _watch_opens(folder: Path) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    watch = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    if watch < 0 or libc.inotify_add_watch(watch, os.fsencode(folder), _IN_OPEN) < 0:
        raise OSError(ctypes.get_errno(), "inotify is not available")
    return int(watch)


def _note_opened(here: Canaries, watch: int) -> None:
    events, at = os.read(watch, 65536), 0
    while at < len(events):
        *_, length = _EVENT.unpack_from(events, at)
        at += _EVENT.size
        name = events[at : at + length].rstrip(b"\0").decode(errors="replace")
        at += length
        if name in {path.name for path in here.files.values()}:
            here.found.append(f"the canary {name} was opened")
