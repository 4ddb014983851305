"""A Temporal dev server as `castline up` runs it: on a fixed port, with its state in a file.

It can be killed and started again, and then knows what it knew.
"""

import signal
import subprocess
from pathlib import Path

from temporalio.client import Client

from cli.local.probes import free_ports
from runtime.devserver import command
from runtime.settings import Settings
from tests.support.stack import TEMPORAL, eventually


class DevServer:
    def __init__(self, folder: Path) -> None:
        frontend, ui = free_ports(2)
        self.address = f"127.0.0.1:{frontend}"
        self._settings = Settings.model_validate(
            {
                "data_dir": folder,
                "temporal_address": self.address,
                "temporal_ui_url": f"http://127.0.0.1:{ui}",
                "sqlite_synchronous": "normal",
            }
        )
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start it and return when it answers."""
        self._process = self._spawn()
        await eventually(self._answers, within=60)

    def kill(self) -> None:
        """End it without a word. Nothing happens when it is not running."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def forget(self) -> None:
        """Kill it and delete its state: it knows nothing when it starts again."""
        self.kill()
        for path in self._settings.data_dir.glob("temporal.db*"):
            path.unlink()

    def freeze(self) -> None:
        """Let it answer nothing until it is thawed; what is asked of it meanwhile waits."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def _spawn(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command(Path(TEMPORAL), self._settings),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    async def _answers(self) -> bool:
        try:
            client = await Client.connect(self.address)
            return await client.service_client.check_health()
        except RuntimeError:
            return False
