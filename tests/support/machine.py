"""A machine of one's own for `castline`: a data folder, free ports, and nothing inherited."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep

import httpx2

from cli.local.probes import free_ports
from domain.ids import is_id
from runtime.settings import Settings
from testkit.clips import CLIP

ROOT = Path(__file__).parents[2]
ANA = "ana@example.test"


@dataclass
class Machine:
    """Runs commands as their user would, each in a process of its own."""

    folder: Path
    ports: list[int] = field(default_factory=lambda: free_ports(4))

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports[0]}"

    @property
    def emulator(self) -> str:
        return f"http://127.0.0.1:{self.ports[3]}"

    @property
    def env(self) -> dict[str, str]:
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("CASTLINE_", "TEMPORAL_"))
        }
        api, temporal, ui, emulator = self.ports
        return {
            **inherited,
            "PYTHONPATH": str(ROOT),
            "CASTLINE_DATA_DIR": str(self.data),
            "CASTLINE_PORT": str(api),
            "CASTLINE_TEMPORAL_ADDRESS": f"127.0.0.1:{temporal}",
            "CASTLINE_TEMPORAL_UI_URL": f"http://127.0.0.1:{ui}",
            "CASTLINE_EMULATOR_PORT": str(emulator),
            "CASTLINE_MEDIA_ROOTS": str(CLIP.parent),
            "CASTLINE_SQLITE_SYNCHRONOUS": "normal",
        }

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-P", "-m", "cli", *words]

    def run(
        self, *words: str, seconds: float = 60, **settings: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, with these in its environment, too."""
        return subprocess.run(
            self.command(*words),
            env={**self.env, **settings},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def connect(self, env: Mapping[str, str] | None = None) -> str:
        """Connect a YouTube channel, with a person who allows everything; return what was said."""
        with subprocess.Popen(
            self.command("connect", "youtube"),
            env=env or self.env,
            stdout=subprocess.PIPE,
            text=True,
        ) as connecting:
            assert connecting.stdout is not None
            consent(connecting.stdout.readline().strip())
            rest = connecting.stdout.read()
            assert connecting.wait(30) == 0, rest
        return rest

    @contextmanager
    def up(self) -> Iterator["Up"]:
        """`castline up`, ready; killed at the end if it still runs."""
        log = self.folder / "up.log"
        with (
            log.open("w") as output,
            subprocess.Popen(
                self.command("up"), env=self.env, cwd=self.folder, stdout=output, stderr=output
            ) as process,
        ):
            up = Up(process, log)
            try:
                up.wait_for(r"castline is ready: (\S+)")
                yield up
            finally:
                process.kill()


@dataclass
class Up:
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def said(self) -> str:
        return self.log.read_text()

    def wait_for(self, pattern: str, seconds: float = 90) -> str:
        """Return what it said, as soon as it has said so."""
        eventually(
            lambda: re.search(pattern, self.said) or self.process.poll() is not None, seconds
        )
        found = re.search(pattern, self.said)
        assert found, self.said
        return found[0]

    def children(self) -> dict[int, str]:
        """Process id → command line of everything it runs."""
        listed = subprocess.run(
            ["ps", "-e", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True
        ).stdout.splitlines()
        rows = [line.split(None, 2) for line in listed]
        return {int(pid): args for pid, parent, args in rows if int(parent) == self.process.pid}

    def child(self, word: str) -> int:
        (pid,) = [pid for pid, args in self.children().items() if args.split()[-1] == word]
        return pid

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """Ask it to end; return its exit code and the seconds it took."""
        began = monotonic()
        self.process.send_signal(number)
        return self.process.wait(timeout=20), monotonic() - began


def consent(auth_url: str, *, account: str = ANA) -> httpx2.Response:
    """Allow everything on a platform's consent page, as a person in a browser would."""
    with httpx2.Client(follow_redirects=True, timeout=30) as browser:
        page = browser.get(auth_url)
        (action,) = re.findall(r'<form method="post" action="([^"]+)"', page.text)
        (request_id,) = re.findall(r'name="request_id" value="([^"]+)"', page.text)
        boxes = {
            name: re.findall(rf'name="{name}" value="([^"]+)"', page.text)
            for name in ("scope", "permission", "page")
        }
        decision = {"request_id": request_id, "account": account, "decision": "allow", **boxes}
        last = browser.post(str(page.url.join(action)), data=decision)
        while "Refresh" in last.headers:
            last = browser.get(last.url)
        return last


def connection_in(said: str) -> str:
    """The id of the one connection that a command has listed."""
    (id,) = [word for word in said.split() if is_id(word)]
    return id


def castline(settings: Settings, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command on the installation of these settings."""
    url = settings.database_url
    return subprocess.run(
        [sys.executable, "-P", "-m", "cli", *words],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "CASTLINE_DATA_DIR": str(settings.data_dir),
            **({} if url is None else {"CASTLINE_DATABASE_URL": url}),
        },
        capture_output=True,
        text=True,
        check=False,
    )


def eventually(holds: Callable[[], object], seconds: float = 30) -> None:
    """Wait until it holds; fail when it does not in time."""
    deadline = monotonic() + seconds
    while not holds():
        assert monotonic() < deadline, "it did not come true in time"
        sleep(0.05)


def is_alive(pid: int) -> bool:
    """True while the process runs; a dead one that nobody has waited for yet does not."""
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return bool(state) and not state.startswith("Z")
