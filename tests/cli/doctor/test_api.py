"""What the doctor says of the API, which here is a server that answers as a test wants."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from cli.addresses import Addresses, announced
from runtime.health.finding import State
from runtime.settings import Settings
from tests.support.doctor import look, look_at
from tests.support.serving import serving

READY = {"status": "ready", "parts": {"database": {"state": "ok", "fact": "x", "remedy": None}}}
NOT_READY = {
    "status": "not ready",
    "parts": {
        "database": {"state": "failed", "fact": "cannot be read", "remedy": "Start it."},
        "temporal": {"state": "warning", "fact": "does not answer", "remedy": "Start it."},
    },
}


@contextmanager
def answering(
    folder: Path, body: Any, *, status: int = 200, ahead: timedelta = timedelta(0)
) -> Iterator[Settings]:
    """Settings whose API gives this answer, with a clock that is so far ahead."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response_only(status)
            self.send_header("Date", format_datetime(datetime.now(UTC) + ahead, usegmt=True))
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            pass

    with serving(Handler) as port:
        yield Settings.model_validate({"data_dir": folder, "port": port})


async def test_an_api_that_is_ready_and_has_our_time_is_well(tmp_path: Path) -> None:
    with answering(tmp_path, READY) as settings:
        found = await look(settings, "API")
    assert [(one.subject, one.state) for one in found] == [
        ("API", State.OK),
        ("API clock", State.OK),
    ]


async def test_an_api_that_does_not_answer_has_failed(tmp_path: Path) -> None:
    settings = Settings.model_validate({"data_dir": tmp_path, "port": 9})
    assert (await look_at(settings, "API", "API")).state is State.FAILED
    assert (await look_at(settings, "API", "API clock")).state is State.SKIPPED


async def test_an_api_that_is_not_ready_names_what_it_lacks(tmp_path: Path) -> None:
    with answering(tmp_path, NOT_READY, status=503) as settings:
        finding = await look_at(settings, "API", "API")
    assert finding.state is State.FAILED
    assert "database cannot be read" in finding.fact
    assert "temporal" not in finding.fact


async def test_another_program_at_the_port_is_recognized(tmp_path: Path) -> None:
    with answering(tmp_path, ["what?"], status=404) as settings:
        finding = await look_at(settings, "API", "API")
    assert (finding.state, "not like Castline" in finding.fact) == (State.FAILED, True)


async def test_a_clock_that_is_ahead_is_named(tmp_path: Path) -> None:
    with answering(tmp_path, READY, ahead=timedelta(minutes=5)) as settings:
        finding = await look_at(settings, "API", "API clock")
    assert finding.state is State.FAILED
    assert "NTP" in str(finding.remedy)


async def test_an_api_that_chooses_its_port_and_does_not_run_is_at_no_address(
    tmp_path: Path,
) -> None:
    settings = Settings.model_validate({"data_dir": tmp_path, "port": 0})
    finding = await look_at(settings, "API", "API")
    assert finding.state is State.FAILED
    assert "http" not in finding.fact
    assert (await look_at(settings, "public URL")).state is State.SKIPPED


async def test_the_public_url_of_an_api_that_chose_its_port_has_that_port(tmp_path: Path) -> None:
    settings = Settings.model_validate({"data_dir": tmp_path, "port": 0})
    with announced(settings, "api", Addresses(api="http://127.0.0.1:9001")):
        finding = await look_at(settings, "public URL")
    assert finding.fact == "http://127.0.0.1:9001, for browsers of this machine only"
