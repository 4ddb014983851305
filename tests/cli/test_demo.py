"""The demo, as a newcomer runs it."""

import re
from pathlib import Path

from tests.support.machine import Machine


def test_the_demo_ends_with_the_same_bytes_at_both_ends(tmp_path: Path) -> None:
    shown = Machine(tmp_path).run("demo", seconds=180)
    assert shown.returncode == 0, shown.stdout + shown.stderr
    here, there = re.findall(r"^sha256 .* ([0-9a-f]{64})$", shown.stdout, re.MULTILINE)
    assert here == there
    states = ["pending", "published: https://www.youtube.com/watch?v="]
    assert [shown.stdout.find(state) for state in states] == sorted(
        shown.stdout.index(state) for state in states
    )
    assert not list(tmp_path.iterdir())
