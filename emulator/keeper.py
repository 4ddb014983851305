"""Keeps the world in a file, so that it survives a restart.

The file is replaced as a whole, by a rename, so that it is never half written. It is
made readable for its owner only: refresh tokens in it are hashed, but it tells who
granted what. The bytes of unfinished uploads lie in a folder beside it. Everything a
client was promised is in the file before the client hears of it; counters are written
about once a second.
"""

import asyncio
import fcntl
import json
import os
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

from emulator.plain import from_plain
from emulator.world import Switches, Transfer, World

INTERVAL_SECONDS = 1.0
_REST = 1  # times the length of the last save: a large world may not save all the time


@dataclass(slots=True)
class Keeper:
    """Loads a world from a file and writes it back when it has changed."""

    world: World
    path: Path
    kept: int = -1
    _lock: int = -1
    _saving: asyncio.Lock = field(default_factory=asyncio.Lock)
    _rest_until: float = 0.0

    @property
    def folder(self) -> Path:
        """Where the bytes of unfinished uploads are."""
        return self.path.with_name(self.path.name + ".uploads")

    def load(self) -> None:
        """Take the world from the file, if there is one, and save it once.

        Raises SystemExit with a sentence if the file holds no state or cannot be written.
        """
        self.world.spools.folder = self.folder
        self._take_folder()
        try:
            self._load()
        except FileNotFoundError:
            pass
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise SystemExit(
                f"emulator: {self.path} cannot be read as its state ({type(error).__name__}). "
                "Delete the file, or name another one with --state."
            ) from None
        try:
            self.save()
        except OSError as error:
            raise self._unwritable(error) from None

    def _take_folder(self) -> None:
        """Keep other emulators away from the state for as long as this process lives."""
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            self._lock = os.open(self.folder, os.O_RDONLY)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit(
                f"emulator: Another emulator uses {self.path}. "
                "End it, or name another file with --state."
            ) from None
        except OSError as error:
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> SystemExit:
        return SystemExit(
            f"emulator: The state cannot be written to {self.path} ({error.strerror}). "
            "Make its folder writable, or name another file with --state."
        )

    def _load(self) -> None:
        plain = json.loads(self.path.read_text())
        self.world.clock.offset_seconds = plain["clock_offset_seconds"]
        self.world.calls = Counter(plain["calls"])
        self.world.transfer = Transfer(**plain["transfer"])
        self.world.switches = from_plain(Switches, plain.get("switches", {}))
        # What no session of the file takes up again belonged to one that was never promised.
        self.world.spools.drop_all()
        for name, state in plain["platforms"].items():
            if name in self.world.platforms:
                self.world.platforms[name].restore(state)

    def save(self) -> None:
        """Write the world, if it has changed since the last time."""
        if self.kept == self.world.changes:
            return
        changes = self.world.changes
        plain = {
            "clock_offset_seconds": self.world.clock.offset_seconds,
            "calls": dict(self.world.calls),
            "transfer": asdict(self.world.transfer),
            "switches": asdict(self.world.switches),
            "platforms": {
                name: platform.to_plain() for name, platform in self.world.platforms.items()
            },
        }
        draft = self.path.with_name(self.path.name + ".new")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(json.dumps(plain))
        draft.replace(self.path)
        self.kept = changes
        self.world.spools.sweep()

    async def commit(self) -> None:
        """Return when everything promised so far is in the file; calls share a save."""
        promised = self.world.promises
        while self.kept < promised:
            async with self._saving:
                if self.kept >= promised:
                    return
                await asyncio.sleep(max(0.0, self._rest_until - time.monotonic()))
                begun = time.monotonic()
                if not self._try_to_save():
                    return
                ended = time.monotonic()
                self._rest_until = ended + _REST * (ended - begun)

    async def keep(self) -> None:
        """Save about once a second, until cancelled."""
        while True:
            await asyncio.sleep(INTERVAL_SECONDS)
            self._try_to_save()

    def close(self) -> None:
        """Save for the last time, counters included."""
        self._try_to_save()

    def _try_to_save(self) -> bool:
        try:
            self.save()
        except OSError as error:
            sys.stderr.write(f"emulator: The state was not written to {self.path}: {error}.\n")
            return False
        return True
