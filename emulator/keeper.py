"""Keeps the world in a file, so that it survives a restart.

The file is replaced as a whole, by a rename, so that it is never half written. It is
made readable for its owner only: refresh tokens in it are hashed, but it tells who
granted what.
"""

import asyncio
import json
import os
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from emulator.world import Switches, Transfer, World

INTERVAL_SECONDS = 1.0


@dataclass(slots=True)
class Keeper:
    """Loads a world from a file and writes it back when it has changed."""

    world: World
    path: Path
    kept: int = 0

    def load(self) -> None:
        """Take the world from the file, if there is one. A file that holds none ends all."""
        try:
            self._load()
        except FileNotFoundError:
            return
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise SystemExit(
                f"emulator: {self.path} cannot be read as its state ({type(error).__name__}). "
                "Delete the file, or name another one with --state."
            ) from None

    def _load(self) -> None:
        plain = json.loads(self.path.read_text())
        self.world.clock.offset_seconds = plain["clock_offset_seconds"]
        self.world.calls = Counter(plain["calls"])
        self.world.transfer = Transfer(**plain["transfer"])
        self.world.switches = Switches(**plain.get("switches", {}))
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
            json.dump(plain, file)
        draft.replace(self.path)
        self.kept = changes

    async def keep(self) -> None:
        """Save about once a second, until cancelled."""
        while True:
            await asyncio.sleep(INTERVAL_SECONDS)
            self.save()
