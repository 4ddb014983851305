"""The emulator as a test sees it: a process, its address and its controls.

Synchronous, so that any suite can use it; only `httpx2` and the standard library.
"""

import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx2

CLIENT_ID = "castline-emulator.apps.googleusercontent.com"
CLIENT_SECRET = "emulator-secret"
ANA = "ana@example.test"
ROOT = Path(__file__).parents[1]


@dataclass
class Emulator:
    """One emulator process."""

    url: str = ""
    process: subprocess.Popen[str] | None = None
    verify: Any = True
    http: httpx2.Client = field(default_factory=httpx2.Client)

    @classmethod
    def start(
        cls,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        state: Path | None = None,
        tls: Path | None = None,
    ) -> "Emulator":
        """Start a process and return when it is ready; `tls` is the folder of its certificate."""
        command = [sys.executable, "-m", "emulator", "--host", host, "--port", str(port)]
        if state:
            command += ["--state", str(state)]
        if tls:
            command += ["--tls", "--tls-folder", str(tls)]
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line.startswith("emulator is ready: "):
            process.kill()
            raise RuntimeError(f"the emulator did not start: {line!r}")
        url = line.removeprefix("emulator is ready: ").strip()
        verify = ssl.create_default_context(cafile=tls / "authority.pem") if tls else True
        return cls(url, process, verify, httpx2.Client(base_url=url, timeout=90, verify=verify))

    def stop(self) -> int:
        """End the process as an operator would; return its exit code."""
        self.http.close()
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(10)
        if self.process.stdout:
            self.process.stdout.close()
        return code

    def state(self) -> dict[str, Any]:
        """Return everything the emulator shows of itself."""
        return self._ask("GET", "state")

    def videos(self) -> list[dict[str, Any]]:
        """Return the videos there are, oldest first."""
        videos: list[dict[str, Any]] = self.state()["videos"]
        return videos

    def calls(self, operation: str) -> int:
        """Return how often an operation was called."""
        count: int = self.state()["calls"].get(operation, 0)
        return count

    def journal(self) -> list[str]:
        """Return the operations that were called, in their order."""
        calls: list[str] = self._ask("GET", "journal")["calls"]
        return calls

    def fault(self, operation: str, kind: str, **options: Any) -> int:
        """Order a fault and return its id."""
        body = {"operation": operation, "kind": kind, **options}
        fault_id: int = self._ask("POST", "faults", body)["id"]
        return fault_id

    def fired(self, fault_id: int) -> int:
        """Return how often a fault has struck."""
        faults = {fault["id"]: fault for fault in self._ask("GET", "faults")["faults"]}
        count: int = faults[fault_id]["fired"]
        return count

    def forget_faults(self) -> None:
        """Let everything go well again."""
        self._ask("DELETE", "faults")

    def advance(self, seconds: float) -> None:
        """Move the emulator's clock forward."""
        self._ask("POST", "clock", {"advance_seconds": seconds})

    def switch(self, **switches: Any) -> None:
        """Set switches by name."""
        self._ask("POST", "switches", switches)

    def account(self, email: str, **options: Any) -> dict[str, Any]:
        """Add an account."""
        return self._ask("POST", "accounts", {"email": email, **options})

    def client(self, client_id: str, **options: Any) -> dict[str, Any]:
        """Add or change an OAuth client."""
        return self._ask("POST", "clients", {"client_id": client_id, **options})

    def reset(self) -> None:
        """Go back to the seeds."""
        self._ask("POST", "reset")

    def channel(self, title: str) -> dict[str, Any]:
        """Return a channel by its title."""
        return next(c for c in self.state()["channels"] if c["title"] == title)

    def consent(
        self,
        auth_url: str,
        account: str = ANA,
        scopes: Iterable[str] | None = None,
        decision: str = "allow",
        browser: httpx2.Client | None = None,
    ) -> str:
        """Go through consent without a browser; return where it sends the browser.

        `account` is an email or a brand channel's id. Without `scopes` the tick boxes
        stay as the page shows them for that account. A `browser` keeps its last identity; without
        one each consent is made in a browser of its own.
        """
        if browser is None:
            with httpx2.Client(base_url=self.url, timeout=90, verify=self.verify) as browser:
                return self.consent(auth_url, account, scopes, decision, browser)
        answer = browser.get(auth_url)
        if answer.status_code == 302:
            return answer.headers["location"]
        answer.raise_for_status()
        form = _Form()
        form.feed(answer.text)
        ticked = form.ticked(account) if scopes is None else list(scopes)
        decided = browser.post(
            urljoin(self.url, form.action),
            data={
                "request_id": form.request_id,
                "account": account,
                "scope": ticked,
                "decision": decision,
            },
        )
        if decided.status_code != 302:
            raise RuntimeError(f"consent was not accepted: {decided.status_code} {decided.text}")
        return decided.headers["location"]

    def _ask(self, method: str, control: str, body: object = None) -> dict[str, Any]:
        answer = self.http.request(method, f"/_emulator/{control}", json=body)
        if answer.is_error:
            raise ValueError(f"the emulator refused {control}: {answer.text}")
        content: dict[str, Any] = answer.json()
        return content


class _Form(HTMLParser):
    """Reads the consent page's form."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.request_id = ""
        self.scopes: list[str] = []
        self.unticked: dict[str, list[str]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = given["action"]
        elif given.get("name") == "request_id":
            self.request_id = given["value"]
        elif given.get("name") == "scope":
            self.scopes.append(given["value"])
        elif given.get("name") == "account":
            self.unticked[given["value"]] = given["data-unticked"].split()

    def ticked(self, account: str) -> list[str]:
        return [scope for scope in self.scopes if scope not in self.unticked.get(account, [])]
