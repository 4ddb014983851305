"""What the kernel denies a probe process, and what is said where it denies nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from media.probe.isolation import Isolation
from media.probe.pool import ProbePool
from testkit.clips import CLIP
from tests.media.probe.test_pool import probe
from tests.support import hostile_probes as hostile
from tests.support.hostile_probes import hostile_pool

ROOT = Path(__file__).parents[3]


def test_this_kernel_isolates_completely() -> None:
    isolation = ProbePool(ahead=0).measure_isolation()
    assert isolation.seccomp
    assert isolation.is_complete


def test_files_network_and_other_processes_are_denied() -> None:
    assert probe(hostile_pool(hostile.reaches_out)).container == "denied"


def without_kernel_isolation(program: str, *, only_landlock: bool = False) -> str:
    """What a Python program prints on a kernel that knows no Landlock and no seccomp."""
    boot = (
        "from tests.support.old_kernel import forget_isolation;"
        f"forget_isolation(only_landlock={only_landlock});{program}"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", boot],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    return done.stdout.strip()


MEASURE = "from media.probe.pool import PROBES; print(PROBES.measure_isolation(), end='')"


def test_an_old_kernel_is_found_out() -> None:
    assert without_kernel_isolation(MEASURE) == str(Isolation(0, False))


def test_the_filter_alone_isolates_completely() -> None:
    assert without_kernel_isolation(MEASURE, only_landlock=True) == str(Isolation(0, True))
    assert Isolation(0, True).is_complete
    assert not Isolation(7, False).is_complete


@pytest.mark.parametrize("only_landlock", [True, False])
def test_facts_are_read_on_an_old_kernel_too(only_landlock: bool) -> None:
    program = (
        "from pathlib import Path; from media.facts import inspect;"
        "from media.policy import SourcePolicy; clip = Path(sys.argv[1]);"
    )
    program = f"import sys; sys.argv[1:] = [{str(CLIP)!r}]; {program}"
    program += "print(inspect(clip.as_uri(), SourcePolicy(roots=(clip.parent,))).width)"
    assert without_kernel_isolation(program, only_landlock=only_landlock) == "320"
