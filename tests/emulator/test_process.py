"""The emulator as a process: starting, ending, keeping its state, its own controls."""

import signal
import socket
import threading
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from testkit.emulator import Emulator
from testkit.meta import BAKERY, ask, page_token
from tests.emulator.stranger import Stranger


def test_the_first_page_says_what_this_is(emulator: Emulator) -> None:
    page = emulator.http.get("/")
    assert page.headers["content-type"].startswith("text/html")
    secrets = ("emulator-secret", "emulator-app-secret")
    for words in ("ana@example.test", "Blue Door Bakery", "/_emulator/state", *secrets):
        assert words in page.text


def test_the_controls_explain_themselves(emulator: Emulator) -> None:
    shown = emulator.http.get("/_emulator/").json()
    assert shown["controls"]["POST /_emulator/faults"]["body"]["operation"]["required"]
    assert "videos.insert.transfer" in shown["faults"]["cut"]["operations"]
    assert shown["platforms"]["youtube"]["faults"]["hold_back"]["does"].startswith("Keeps every")
    switch = shown["platforms"]["youtube"]["switches"]["processing_seconds"]
    assert (switch["type"], switch["default"], switch["value"]) == ("number", 1.0, 1.0)


@pytest.mark.parametrize(
    ("control", "body"),
    [
        ("clock", {}),
        ("clock", {"advance_seconds": "a day"}),
        ("clock", {"advance_seconds": -1}),
        ("clock", {"advance_seconds": 1e300}),
        ("switches", {"nonsense": 1}),
        ("switches", {"uploads_per_day": "many"}),
        ("switches", {"testing_mode": 1}),
        ("switches", {"uploads_per_day": -1}),
        ("accounts", {"email": "no address"}),
        ("accounts", {"email": "a@b.test", "channels": [{}]}),
        ("accounts", {"email": "a@b.test", "platform": "vimeo"}),
        ("clients", {}),
    ],
)
def test_an_order_that_makes_no_sense_is_a_400_and_changes_nothing(
    emulator: Emulator, control: str, body: dict[str, Any]
) -> None:
    before = emulator.state()["switches"]
    answer = emulator.http.post(f"/_emulator/{control}", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"].endswith((".", "negative"))
    assert emulator.state()["switches"] == before


@pytest.mark.parametrize("content", [b"{", b"[]", b'"text"'])
def test_a_body_that_is_no_object_is_a_400(emulator: Emulator, content: bytes) -> None:
    assert emulator.http.post("/_emulator/clock", content=content).status_code == 400


@pytest.mark.parametrize("number", [b"1e999", b"-1e999", b"NaN"])
def test_a_number_without_end_is_a_400(emulator: Emulator, number: bytes) -> None:
    for control, name in (("clock", b"advance_seconds"), ("switches", b"processing_seconds")):
        body = b'{"' + name + b'": ' + number + b"}"
        assert emulator.http.post(f"/_emulator/{control}", content=body).status_code == 400
    assert emulator.http.get("/_emulator/state").status_code == 200


def test_the_clock_moves(emulator: Emulator) -> None:
    before = emulator.state()["clock"]["now"]
    emulator.advance(1000)
    after = emulator.state()["clock"]
    assert after["now"] >= before + 1000
    assert after["offset_seconds"] == 1000


def test_a_reset_forgets_everything_but_the_seeds(ana: Stranger) -> None:
    ana.upload()
    ana.emulator.account("cleo@example.test")
    ana.emulator.fault("videos.list", "cut")
    ana.emulator.advance(10)
    ana.emulator.switch(testing_mode=True)
    ana.emulator.reset()
    state = ana.emulator.state()
    assert (state["videos"], state["sessions"], state["calls"]) == ([], [], {})
    assert (state["faults"], state["clock"]["offset_seconds"]) == ([], 0)
    assert state["transfer"] == {"bytes_received": 0, "bytes_stored": 0}
    assert not state["switches"]["testing_mode"]
    assert "cleo@example.test" not in {account["email"] for account in state["accounts"]}
    assert ana.refresh().status_code == 400


def test_calls_are_remembered_in_their_order(ana: Stranger) -> None:
    ana.upload()
    assert ana.emulator.journal()[-2:] == ["videos.insert.start", "videos.insert.transfer"]


def test_calls_and_bytes_are_counted(ana: Stranger) -> None:
    ana.upload(b"12345")
    assert ana.emulator.calls("videos.insert.start") == 1
    assert ana.emulator.calls("videos.insert.transfer") == 1
    assert ana.emulator.state()["transfer"] == {"bytes_received": 5, "bytes_stored": 5}


def test_the_world_survives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    emulator = Emulator.start(state=path)
    ana = Stranger(emulator).connect()
    page = page_token(emulator)
    emulator.account("cleo@example.test", channels=[{"title": "Cleo"}])
    emulator.advance(100)
    emulator.switch(processing_seconds=7.0)
    finished, unfinished = ana.session(5), ana.session(5)
    video = ana.put(finished, b"12345").json()
    before = emulator.state()
    assert emulator.stop() == 0
    assert path.stat().st_mode & 0o777 == 0o600
    assert ana.refresh_token not in path.read_text()
    assert page not in path.read_text()

    emulator = Emulator.start(state=path)
    try:
        after = emulator.state()
        for part in ("accounts", "channels", "pages", "videos", "quota", "switches", "transfer"):
            assert after[part] == before[part], part
        assert after["calls"] == before["calls"]
        assert after["clock"]["offset_seconds"] == 100
        assert ask(emulator, "me", page).json()["name"] == BAKERY
        ana.emulator = emulator
        assert ana.refresh().status_code == 200

        def moved(session: str) -> str:
            return emulator.url + httpx2.URL(session).raw_path.decode()

        assert ana.query(moved(finished)).json()["id"] == video["id"]
        assert ana.query(moved(unfinished)).status_code == 308
    finally:
        emulator.stop()


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_once_whatever_is_going_on(name: signal.Signals) -> None:
    emulator = Emulator.start()
    emulator.fault("oauth.userinfo", "slow", delay_seconds=60)

    def wait_for_an_answer() -> None:
        with suppress(httpx2.HTTPError):
            httpx2.get(f"{emulator.url}/v1/userinfo", timeout=60)

    waiting = threading.Thread(target=wait_for_an_answer)
    waiting.start()
    while not emulator.calls("oauth.userinfo"):
        pass
    assert emulator.process is not None
    emulator.process.send_signal(name)
    assert emulator.process.wait(3) == 0
    waiting.join()
    emulator.stop()


def test_every_answer_tells_the_emulators_own_time(emulator: Emulator) -> None:
    def skew(path: str) -> float:
        told = parsedate_to_datetime(emulator.http.get(path).headers["date"])
        return (told - datetime.now(UTC)).total_seconds()

    emulator.advance(60 * 86_400)
    for path in ("/", "/nowhere", "/youtube/v3/channels?part=id&mine=true", "/v27.0/me"):
        assert skew(path) == pytest.approx(60 * 86_400, abs=3)


def test_it_listens_on_an_address_of_ipv6_too() -> None:
    with socket.socket(socket.AF_INET6) as tried:
        try:
            tried.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6")
    emulator = Emulator.start(host="::1")
    try:
        assert emulator.url.startswith("http://[::1]:")
        assert emulator.state()["videos"] == []
    finally:
        emulator.stop()
