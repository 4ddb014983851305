"""Real videos of any size: the test clip, filled up with noise where players do not look."""

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from testkit.emulator import ROOT, Emulator

MIB = 1 << 20
CLIP = ROOT / "cli" / "local" / "clip.mp4"
_MEDIA = Path(__file__).parent / "media"
UPRIGHT = _MEDIA / "upright.mp4"
"""What a reel has to be: four seconds, 540 x 960. It was made by

    ffmpeg -f lavfi -i gradients=size=540x960:rate=24:duration=4:speed=0.02 \\
      -f lavfi -i sine=frequency=440:sample_rate=48000:duration=4 -c:v libx264 -crf 40 \\
      -preset veryslow -pix_fmt yuv420p -c:a aac -b:a 32k -movflags +faststart upright.mp4
"""
ENDLESS, SWOLLEN = _MEDIA / "endless-loop.mp4", _MEDIA / "memory-3gb.mp4"
"""They make MediaInfo loop and swell."""


@dataclass(frozen=True, slots=True)
class Clip:
    path: Path
    size: int
    sha256: str

    @property
    def url(self) -> str:
        return self.path.as_uri()


def make_clip(folder: Path, size: int = 3 * MIB + 5000, source: Path = CLIP) -> Clip:
    """Write a video of exactly `size` bytes that plays like `source`, unlike every other one."""
    head = source.read_bytes()
    # A box of the type `free`: every reader of mp4 skips it.
    filling = size - len(head)
    content = head + filling.to_bytes(4) + b"free" + os.urandom(filling - 8)
    path = folder / f"{uuid4().hex}.mp4"
    path.write_bytes(content)
    return Clip(path, size, hashlib.sha256(content).hexdigest())


def make_hollow(folder: Path, size: int, source: Path = CLIP) -> Clip:
    """Write a video of `size` bytes that takes no room: behind `source` it is a hole."""
    path = folder / f"{uuid4().hex}.mp4"
    shutil.copy(source, path)
    os.truncate(path, size)
    with path.open("rb") as file:
        return Clip(path, size, hashlib.file_digest(file, "sha256").hexdigest())


def the_only_video(emulator: Emulator, clip: Clip) -> dict[str, Any]:
    """The one video there is at the platform, which is the clip to the last byte."""
    (video,) = emulator.videos()
    assert (video["bytes"], video["sha256"]) == (clip.size, clip.sha256)
    return video
