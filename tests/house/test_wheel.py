"""The wheel is whole: what it installs runs without the checkout."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
from pathlib import Path

import pytest

from cli.__main__ import PACKAGES
from testkit.emulator import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


class Installed:
    """An environment with the wheel, outside the checkout.

    What Castline depends on is taken from the environment of the tests. Its own packages are not:
    of a folder that is named in a `.pth` file no further `.pth` file is read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        environment = folder / "environment"
        venv.create(environment, with_pip=False, symlinks=True)
        self.scripts = environment / "bin"
        (packages,) = environment.glob("lib/python*/site-packages")
        self.packages = packages
        (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
        install = ("install", "--quiet", "--no-deps", "--no-index", str(build_wheel(folder)))
        pip("--python", str(self.scripts / "python"), *install)

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        paths = (str(self.scripts), sysconfig.get_path("scripts"), os.environ["PATH"])
        kept = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
        return subprocess.run(
            [self.scripts / "castline", *words],
            cwd=self.folder,
            env={**kept, "PATH": os.pathsep.join(paths), **environment},
            capture_output=True,
            text=True,
        )


def build_wheel(folder: Path) -> Path:
    """Build from a copy: in the checkout setuptools would leave its own folders."""
    source = folder / "source"
    for name in PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, source / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    pip("wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(folder), str(source))
    (wheel,) = folder.glob("castline-*.whl")
    return wheel


def pip(*words: str) -> None:
    done = subprocess.run([sys.executable, "-m", "pip", *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(tmp_path_factory.mktemp("wheel"))


def test_it_holds_every_file_of_every_package(installed: Installed) -> None:
    for name in PACKAGES:
        files = [path for path in (ROOT / name).rglob("*") if path.is_file()]
        ours = {path.relative_to(ROOT) for path in files if "__pycache__" not in path.parts}
        missing = {path for path in ours if not (installed.packages / path).is_file()}
        assert not missing


def test_it_says_its_version(installed: Installed) -> None:
    said = installed.run("--version")
    assert said.stdout == f"castline {PROJECT['project']['version']}\n", said.stderr


def test_the_demo_runs_without_the_checkout(installed: Installed) -> None:
    shown = installed.run("demo")
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert "sha256 of the file" in shown.stdout


def test_the_doctor_runs_without_the_checkout(installed: Installed) -> None:
    shown = installed.run("doctor", CASTLINE_DATA_DIR=str(installed.folder / "data"))
    assert "Traceback" not in shown.stdout + shown.stderr
    assert "settings" in shown.stdout, shown.stderr


def test_a_package_of_the_same_name_from_elsewhere_is_refused(
    installed: Installed, tmp_path: Path
) -> None:
    foreign = tmp_path / "store"
    foreign.mkdir()
    (foreign / "__init__.py").write_text("raise SystemExit('it was loaded')")
    refused = installed.run("--version", PYTHONPATH=str(tmp_path))
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"castline: the package store would be loaded from {foreign}")


def test_the_start_looks_at_every_package_that_is_installed() -> None:
    found = PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]
    assert sorted(found) == sorted([*PACKAGES, *(f"{name}.*" for name in PACKAGES)])
