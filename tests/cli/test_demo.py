"""The demo, as a newcomer runs it."""

import re
from pathlib import Path

from tests.support.machine import Machine


def test_the_demo_ends_with_the_same_bytes_on_every_platform(tmp_path: Path) -> None:
    shown = Machine(tmp_path).run("demo", seconds=180)
    assert shown.returncode == 0, shown.stdout + shown.stderr
    sums = re.findall(r"^sha256 .* ([0-9a-f]{64})$", shown.stdout, re.MULTILINE)
    assert len(sums) == 3
    assert len(set(sums)) == 1
    for address in ("https://www.youtube.com/watch?v=", "https://www.facebook.com/"):
        assert shown.stdout.find("It takes its turn.") < shown.stdout.index(f"published: {address}")
    assert not list(tmp_path.iterdir())
