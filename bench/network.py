"""A line between two network namespaces: delay, rate and loss, for what runs in them.

Each namespace has one TUN device, and a thread here is the line between both: it holds every
packet for the delay, and no more than the rate leaves. Loss is a rule of nftables where packets
come in. Nothing is left of it when the file descriptors are closed. Linux only, and needs root.
"""

import ctypes
import fcntl
import os
import select
import shutil
import struct
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from pathlib import Path

_CLONE_NEWNET = 0x40000000
_TUNSETIFF = 0x400454CA
_IFF_TUN_NO_PI = 0x1001
_DEVICE = "line0"
_QUEUE_SECONDS = 0.05
"""What waits for the rate for longer is dropped, as a router does."""
_READ_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Namespace:
    """One end of the line."""

    address: str
    namespace: int
    device: int

    @property
    def prefix(self) -> tuple[str, ...]:
        """Goes before a command that is to run in it."""
        return ("nsenter", f"--net=/proc/{os.getpid()}/fd/{self.namespace}")

    def run(self, *command: str) -> None:
        subprocess.run([*self.prefix, *command], check=True)  # noqa: S603


@dataclass(slots=True)
class Line:
    """Both ways. What is set here holds for packets that come from now on."""

    near: Namespace
    far: Namespace
    delay: float = 0.0
    """Seconds, each way."""
    bytes_per_second: float = inf

    def set_congestion_control(self, name: str) -> None:
        """Of what is sent from the near end, from the next connection on."""
        # By route: the setting of a namespace takes only what is allowed to every user.
        route = ("ip", "route", "replace", self.far.address, "dev", _DEVICE)
        self.near.run(*route, "src", self.near.address, "congctl", name)

    def lose(self, percent: int) -> None:
        """Drop so many percent of the packets, each way, from now on."""
        for end in (self.near, self.far):
            end.run("nft", "add table inet line")
            hook = "{ type filter hook input priority 0; }"
            end.run("nft", f"add chain inet line input {hook}")
            end.run("nft", f"add rule inet line input numgen random mod 100 < {percent} drop")


def find_missing() -> str | None:
    """Why there can be no such line here, or None."""
    if os.geteuid() != 0:
        return "A network namespace needs root."
    for tool in ("ip", "nft", "nsenter", "unshare"):
        if shutil.which(tool) is None:
            return f"There is no `{tool}`. apt-get install iproute2 nftables util-linux"
    if not Path("/dev/net/tun").exists():
        return "There is no /dev/net/tun."
    tried = subprocess.run(
        ("unshare", "--net", "nft", "list", "ruleset"),  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    return tried.stderr.strip() or None if tried.returncode else None


@contextmanager
def line() -> Iterator[Line]:
    """A line without delay, limit and loss, for the time of the block."""
    near, far = _namespace("10.77.0.1", "10.77.0.2"), _namespace("10.77.0.2", "10.77.0.1")
    made, ended = Line(near, far), threading.Event()
    ways = [_Way(made, near.device, far.device), _Way(made, far.device, near.device)]
    relay = threading.Thread(target=_relay, args=(ways, ended), daemon=True)
    relay.start()
    try:
        yield made
    finally:
        ended.set()
        relay.join()
        for end in (near, far):
            os.close(end.device)
            os.close(end.namespace)


def _namespace(address: str, other: str) -> Namespace:
    # A thread of its own, because it stays in the namespace that it made.
    with ThreadPoolExecutor(1) as threads:
        namespace, device = threads.submit(_open).result()
    made = Namespace(address, namespace, device)
    made.run("ip", "address", "add", address, "peer", other, "dev", _DEVICE)
    made.run("ip", "link", "set", _DEVICE, "up", "txqueuelen", "10000")
    # Else a connection begins with what the one before it has found out of the line.
    made.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/tcp_no_metrics_save")
    return made


def _open() -> tuple[int, int]:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "unshare")
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH", _DEVICE.encode(), _IFF_TUN_NO_PI))
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY), device


class _Way:
    """One direction of a line."""

    def __init__(self, line: Line, source: int, sink: int) -> None:
        self.source = source
        self._line = line
        self._sink = sink
        self._free_at = 0.0
        self._waiting: deque[tuple[float, bytes]] = deque()

    def take_in(self) -> None:
        for _ in range(_READ_AT_ONCE):
            try:
                packet = os.read(self.source, 65536)
            except BlockingIOError:
                return
            begin = max(time.monotonic(), self._free_at)
            if begin - time.monotonic() > _QUEUE_SECONDS:
                continue
            self._free_at = begin + len(packet) / self._line.bytes_per_second
            self._waiting.append((self._free_at + self._line.delay, packet))

    def hand_over(self) -> float:
        """Let go what is due; return when the next one is."""
        while self._waiting and self._waiting[0][0] <= time.monotonic():
            os.write(self._sink, self._waiting.popleft()[1])
        return self._waiting[0][0] if self._waiting else inf


def _relay(ways: list[_Way], ended: threading.Event) -> None:
    while not ended.is_set():
        due = min(way.hand_over() for way in ways)
        seconds = max(0.0, min(0.2, due - time.monotonic()))
        ready, _, _ = select.select([way.source for way in ways], [], [], seconds)
        for way in ways:
            if way.source in ready:
                way.take_in()
