"""Processes that all need the same credential at the same moment.

Run as `python -m tests.support.refreshing`: a worker's keeper of credentials, without the worker.
Each line on standard input names a connection and lets every thread ask for its credential at
once; the answer is one line with what each of them got.
"""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier

from activities.access.credentials import CredentialKeeper
from domain.errors import CastlineError
from platforms.registry import Registry
from platforms.youtube import YouTube
from store.engine import Store
from store.keyring import Keyring
from store.vault import Vault
from testkit.emulator import ROOT
from tests.support.google import app_at


@dataclass(frozen=True)
class Crowd:
    """Processes with threads in each."""

    processes: list[subprocess.Popen[str]]

    def ask(self, connection_id: str) -> list[str]:
        """What every thread got: a digest of its token, or the code of an error."""
        for process in self.processes:
            assert process.stdin is not None
            process.stdin.write(f"{connection_id}\n")
            process.stdin.flush()
        return [got for process in self.processes for got in _line(process)]


@contextmanager
def crowd(url: str, emulator: str, keyset: Path, threads: list[int]) -> Iterator[Crowd]:
    """A process for each number of threads; they are ready when this begins."""
    command = [sys.executable, "-m", "tests.support.refreshing", url, emulator, str(keyset)]
    processes = [
        subprocess.Popen(
            [*command, str(count)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for count in threads
    ]
    try:
        for process in processes:
            assert _line(process) == ["ready"]
        yield Crowd(processes)
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _line(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout is not None
    got: list[str] = json.loads(process.stdout.readline())
    return got


def main(url: str, emulator: str, keyset: str, threads: str) -> None:
    count = int(threads)
    registry = Registry({"youtube": YouTube(app_at(emulator), chunk_size=1 << 20)})
    keeper = CredentialKeeper(Store(url), Vault(Keyring.from_file(Path(keyset))), registry)
    start = Barrier(count)

    def need(connection_id: str) -> str:
        start.wait()
        try:
            return digest(keeper.current(connection_id).access_token.reveal())
        except CastlineError as error:
            return error.code

    with ThreadPoolExecutor(count) as pool:
        print(json.dumps(["ready"]), flush=True)
        for line in sys.stdin:
            got = list(pool.map(need, [line.strip()] * count))
            print(json.dumps(got), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
