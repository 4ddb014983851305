"""What the transfer benches run: the sink, the file that is sent, and a contestant as a process."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from bench.senders import Cost

GIB = 1024**3


def send(
    name: str,
    count: int,
    path: Path,
    address: str,
    authority: Path,
    *,
    prefix: Sequence[str] = (),
) -> Cost:
    """Let a contestant send the file so many times at once, in one process of its own.

    `prefix` goes before its command line.
    """
    if name == "curl":
        return _send_by_curl(count, path, address, authority, prefix)
    trust = {"SSL_CERT_FILE": str(authority), "HTTPLIB2_CA_CERTS": str(authority)}
    command = [*prefix, sys.executable, "-m", "bench.senders"]
    command += [name, str(count), str(path), address]
    done = subprocess.run(command, env=os.environ | trust, stdout=subprocess.PIPE, check=True)  # noqa: S603
    return Cost(**json.loads(done.stdout))


def _send_by_curl(
    count: int, path: Path, address: str, authority: Path, prefix: Sequence[str]
) -> Cost:
    command = [*prefix, "curl", "--no-progress-meter", "--fail", "--cacert", str(authority)]
    command += ["--parallel", "--parallel-immediate"] if count > 1 else []
    one = ["--output", os.devnull, "--upload-file", str(path), f"{address}/plain"]
    begun = time.perf_counter()
    child = subprocess.Popen(command + count * one)  # noqa: S603
    peak = 0.0
    while (ended := os.wait4(child.pid, os.WNOHANG))[0] == 0:
        # Asked of the living process: what the kernel reports of a dead child began with our own.
        with suppress(OSError):
            found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{child.pid}/status").read_text())
            peak = int(found[1]) / 1024 if found else peak
        time.sleep(0.02)
    _pid, status, usage = ended
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"curl ended with {child.returncode}")
    return Cost(
        size=count * path.stat().st_size,
        seconds=time.perf_counter() - begun,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        memory_mib=peak,
    )


@contextmanager
def sink(folder: Path, *, host: str = "127.0.0.1", prefix: Sequence[str] = ()) -> Iterator[str]:
    """A sink for the time of the block; its authority is `ca.pem` in `folder`. Yields its address.

    `prefix` goes before its command line.
    """
    command = [*prefix, sys.executable, "-m", "bench.sink", str(folder), host]
    process = subprocess.Popen(  # noqa: S603
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout
        yield f"https://{host}:{process.stdout.readline().strip()}"
        process.communicate()


@contextmanager
def sparse(path: Path, size: int) -> Iterator[Path]:
    """A file of so many zeros, which lie in no block of the disk."""
    with path.open("wb") as file:
        file.truncate(size)
    try:
        yield path
    finally:
        path.unlink()


def warm(path: Path) -> None:
    """Read the file once, so that none of the contestants pays for the first look at it."""
    buffer = bytearray(1024 * 1024)
    with path.open("rb", buffering=0) as file:
        while file.readinto(buffer):
            pass
