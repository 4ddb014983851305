"""The health check of the image asks every role's port."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

import pytest

from cli.local.probes import free_ports
from runtime.healthcheck import PATHS
from testkit.emulator import ROOT
from tests.support.serving import serving


@contextmanager
def role(path: str, status: int) -> Iterator[int]:
    """Something that answers at the path; gives its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response_only(status if self.path == path else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with serving(Handler) as port:
        yield port


def check(**ports: int) -> int:
    nobody = {name: str(port) for (name, _, _), port in zip(PATHS, free_ports(3), strict=True)}
    return subprocess.run(
        [sys.executable, "-P", "-m", "runtime.healthcheck"],
        env={
            "PYTHONPATH": str(ROOT),
            **nobody,
            **{name: str(port) for name, port in ports.items()},
        },
        timeout=60,
        check=False,
    ).returncode


@pytest.mark.parametrize(("name", "path"), [(name, path) for name, _, path in PATHS])
def test_a_role_is_healthy_when_it_says_that_it_is_ready(name: str, path: str) -> None:
    for status, code in ((200, 0), (503, 1)):
        with role(path, status) as port:
            assert check(**{name: port}) == code


def test_where_no_role_answers_nothing_is_healthy() -> None:
    assert check() == 1
