"""One client's program, run where the real names lead to the emulator.

    python -m tests.clients.session PLATFORM COMMAND...

The program writes `OPEN url` and reads where a browser ended, then `LOGGED_IN name` and, if it
uploads, `UPLOADED id`. What it says is compared with what the emulator knows. The result is one
line of JSON; the exit code is 0 where the program ended well and the bytes are the file's.
"""

import hashlib
import json
import os
import ssl
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import httpx2

from testkit.emulator import CLIENT_ID, CLIENT_SECRET
from testkit.meta import APP_ID, APP_SECRET
from tests.clients.browser import NOWHERE, visit
from tests.clients.catalog import Platform

SIZE = 3 * 1024 * 1024 + 4321
"""Bytes: several chunks for every client, of no even number."""
APP = "http://localhost:8000"
SECONDS = 120
"""A program that takes longer is ended."""


def run(platform: str, command: list[str]) -> dict[str, Any]:
    """Run the program to its end; return what it said, and whether the emulator agrees."""
    said: dict[str, Any] = {"logged_in": None, "uploaded": None, "same_bytes": None, "troubles": []}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "holiday video.mp4"
        file.write_bytes(b"\0\0\0\x18ftypmp42" + os.urandom(SIZE))
        said["exit_code"] = _converse(command, _environment(platform, file), said)
        if said["uploaded"]:
            wanted = hashlib.sha256(file.read_bytes()).hexdigest()
            said["same_bytes"] = [wanted] == [video["sha256"] for video in _videos()]
    return said


def _converse(command: list[str], env: dict[str, str], said: dict[str, Any]) -> int:
    with subprocess.Popen(
        command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        too_long = threading.Timer(SECONDS, program.kill)
        too_long.start()
        try:
            for line in program.stdout:
                word, _, rest = line.strip().partition(" ")
                if word == "OPEN":
                    program.stdin.write(_visit(rest, said) + "\n")
                    program.stdin.flush()
                elif word in ("LOGGED_IN", "UPLOADED"):
                    said[word.lower()] = rest
                else:
                    print(line.rstrip(), file=sys.stderr)
            return program.wait()
        finally:
            too_long.cancel()
            program.kill()


def _visit(url: str, said: dict[str, Any]) -> str:
    try:
        return visit(url)
    except (RuntimeError, httpx2.HTTPError) as error:
        said["troubles"].append(str(error)[:2000])
        return ""


def _environment(platform: str, file: Path) -> dict[str, str]:
    is_google = platform == Platform.GOOGLE
    return {
        **os.environ,
        "CLIENT_ID": CLIENT_ID if is_google else APP_ID,
        "CLIENT_SECRET": CLIENT_SECRET if is_google else APP_SECRET,
        "FILE": str(file),
        "REDIRECT": f"http://localhost:{NOWHERE}/callback",
        "APP": APP,
    }


def _videos() -> list[dict[str, Any]]:
    trust = ssl.create_default_context()
    answer = httpx2.get("https://localhost/_emulator/state", verify=trust)
    videos: list[dict[str, Any]] = answer.json()["videos"]
    return videos


if __name__ == "__main__":
    result = run(sys.argv[1], sys.argv[2:])
    print(json.dumps(result))
    sys.exit(result["exit_code"] or result["same_bytes"] is False)
