"""Real videos of any size: the test clip, filled up with noise where players do not look."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.support.emulator import ROOT, Emulator

MIB = 1 << 20
_CLIP = ROOT / "tests" / "data" / "clip.mp4"


@dataclass(frozen=True, slots=True)
class Clip:
    path: Path
    size: int
    sha256: str

    @property
    def url(self) -> str:
        return self.path.as_uri()


def make_clip(folder: Path, size: int = 3 * MIB + 5000) -> Clip:
    """Write a video of exactly `size` bytes, unlike every other one."""
    head = _CLIP.read_bytes()
    # A box of the type `free`: every reader of mp4 skips it.
    filling = size - len(head)
    content = head + filling.to_bytes(4) + b"free" + os.urandom(filling - 8)
    path = folder / f"{uuid4().hex}.mp4"
    path.write_bytes(content)
    return Clip(path, size, hashlib.sha256(content).hexdigest())


def the_only_video(emulator: Emulator, clip: Clip) -> dict[str, Any]:
    """The one video there is at the platform, which is the clip to the last byte."""
    (video,) = emulator.videos()
    assert (video["bytes"], video["sha256"]) == (clip.size, clip.sha256)
    return video
