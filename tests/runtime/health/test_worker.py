"""A worker's own port: alive, ready, and what it says while something is away."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from runtime.health.worker import WorkerHealth, answering
from runtime.parts import build_parts, ensure_keyset
from runtime.settings import Settings
from store.engine import Store
from tests.support.devserver import DevServer
from tests.support.machine import Machine
from tests.support.stack import eventually

MINUTES = 120.0
"""Longer than a worker takes to come up on a busy machine."""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    settings = Settings.model_validate({"data_dir": machine.data})
    machine.data.mkdir(mode=0o700)
    store = Store(settings.database)
    store.migrate()
    ensure_keyset(settings, store)
    store.close()
    return machine


@contextmanager
def worker(machine: Machine, temporal: str) -> Iterator[str]:
    """A worker process; gives the address of its health port."""
    port = machine.ports[3]
    told = {"CASTLINE_TEMPORAL_ADDRESS": temporal, "CASTLINE_WORKER_HEALTH_PORT": str(port)}
    with subprocess.Popen(
        machine.command("worker"), env={**machine.env, **told}, cwd=machine.folder
    ) as process:
        try:
            yield f"http://127.0.0.1:{port}"
            process.terminate()
            assert process.wait(60) == 0
        finally:
            process.kill()


async def look(url: str) -> tuple[int | None, dict[str, Any]]:
    """The status of `/readyz` and its parts; None while nobody listens."""
    try:
        async with httpx2.AsyncClient(timeout=30) as http:
            answer = await http.get(f"{url}/readyz")
    except httpx2.TransportError:
        return None, {}
    parts: dict[str, Any] = answer.json()["parts"]
    return answer.status_code, parts


async def status_of(url: str) -> int:
    async with httpx2.AsyncClient(timeout=30) as http:
        return (await http.get(url)).status_code


async def test_a_worker_is_ready_while_temporal_database_and_key_set_are_there(
    machine: Machine, tmp_path: Path
) -> None:
    server = DevServer(tmp_path / "temporal")
    (tmp_path / "temporal").mkdir()
    await server.start()
    try:
        with worker(machine, server.address) as url:
            _, parts = await eventually(
                lambda: look(url), lambda seen: seen[0] == 200, within=MINUTES
            )
            _, parts = await eventually(
                lambda: look(url),
                lambda seen: {part["state"] for part in seen[1].values()} == {"ok"},
                within=MINUTES,
            )
            assert list(parts) == [
                "database",
                "schema",
                "disk",
                "keySet",
                "temporal",
                "polling",
                "sweep",
            ]
            assert await status_of(f"{url}/livez") == 200
            assert await status_of(f"{url}/metrics") == 404

            keyset = machine.data / "keyset.json"
            keyset.rename(keyset.with_suffix(".away"))
            status, parts = await look(url)
            assert (status, parts["keySet"]["state"]) == (503, "failed")
            keyset.with_suffix(".away").rename(keyset)
            assert (await look(url))[0] == 200

            server.kill()
            status, parts = await look(url)
            assert (status, parts["temporal"]["state"]) == (503, "failed")
            assert "Start Temporal" in parts["temporal"]["remedy"]
            assert await status_of(f"{url}/livez") == 200
            await server.start()
            await eventually(lambda: look(url), lambda seen: seen[0] == 200, within=MINUTES)
    finally:
        server.kill()


def test_a_port_that_is_taken_is_named(machine: Machine) -> None:
    with socket.create_server(("127.0.0.1", machine.ports[3])):
        told = {"CASTLINE_WORKER_HEALTH_PORT": str(machine.ports[3])}
        ended = subprocess.run(
            machine.command("worker"),
            env={**os.environ, **machine.env, **told},
            capture_output=True,
            text=True,
            timeout=MINUTES,
            check=False,
        )
    assert ended.returncode == 1
    assert f"Port {machine.ports[3]} of the worker's health check is taken" in ended.stderr
    assert "CASTLINE_WORKER_HEALTH_PORT" in ended.stderr
    assert "Traceback" not in ended.stderr


async def test_the_port_leaves_the_signals_to_the_worker(machine: Machine) -> None:
    port = machine.ports[3]
    settings = Settings.model_validate({"data_dir": machine.data, "worker_health_port": port})
    before = signal.getsignal(signal.SIGTERM)
    parts = build_parts(settings)
    async with answering(WorkerHealth(parts)):
        status, found = await eventually(
            lambda: look(f"http://127.0.0.1:{port}"), lambda seen: seen[0] is not None
        )
        assert signal.getsignal(signal.SIGTERM) is before
    # Alive and not ready: it is not connected to Temporal yet.
    assert (status, found["temporal"]["fact"]) == (503, "is not connected yet")
    assert await look(f"http://127.0.0.1:{port}") == (None, {})
    parts.store.close()
