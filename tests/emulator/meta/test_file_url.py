"""Videos and Reels that Meta fetches from an address."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from testkit.emulator import Emulator
from testkit.meta import refusal
from tests.emulator.meta.publisher import Publisher
from tests.emulator.stranger import sha256, some_bytes
from tests.support.machine import eventually
from tests.support.origin import Origin

FILE = some_bytes(300_000)

ELSEWHERE = (
    "http://192.0.2.1/film.mp4",
    "http://localhost.example/film.mp4",
    "http://127.0.0.1.example/film.mp4",
    "ftp://127.0.0.1/film.mp4",
    "file:///etc/hostname",
    "http://[::ffff:192.0.2.1]/film.mp4",
    "http://192.0.2.1\\@127.0.0.1/film.mp4",
    "http://127.0.0.1@192.0.2.1/film.mp4",
    "//127.0.0.1/film.mp4",
    "no address",
)


@pytest.mark.parametrize("place", ["json", "data", "params"])
def test_a_video_is_fetched_and_published_in_one_call(bakery: Publisher, place: str) -> None:
    bakery.emulator.switch(page_processing_seconds=0.0)
    with Origin(FILE) as origin:
        form = {"file_url": origin.url, "title": "Rolls", "fields": "id,permalink_url"}
        answer = bakery.ask("POST", f"{bakery.page}/videos", **{place: form})
        assert origin.agents[0].startswith("facebookexternalhit/1.1")
    (video,) = bakery.emulator.videos()
    assert answer.json() == {
        "id": video["id"],
        "permalink_url": f"/{bakery.page}/videos/{video['id']}/",
    }
    assert (video["bytes"], video["sha256"]) == (len(FILE), sha256(FILE))
    assert (video["title"], video["published"]) == ("Rolls", True)


@pytest.mark.parametrize("address", ELSEWHERE)
def test_no_other_host_is_called(bakery: Publisher, address: str) -> None:
    answer = bakery.ask("POST", f"{bakery.page}/videos", data={"file_url": address})
    assert refusal(answer) == (389, None)
    assert bakery.emulator.videos() == []


@pytest.mark.parametrize("host", ["0.0.0.0", "2130706433", "127.1"])
def test_a_host_that_is_not_written_as_loopback_is_not_asked(bakery: Publisher, host: str) -> None:
    with Origin(FILE) as origin:
        address = f"http://{host}:{origin.port}/film.mp4"
        answer = bakery.ask("POST", f"{bakery.page}/videos", data={"file_url": address})
        assert refusal(answer) == (389, None)
        assert origin.targets == []


def test_a_redirect_is_not_followed(bakery: Publisher) -> None:
    with Origin(FILE) as there, Origin(FILE) as origin:
        origin.refusals.append((302, there.url))
        answer = bakery.ask("POST", f"{bakery.page}/videos", data={"file_url": origin.url})
        assert refusal(answer) == (389, None)
        assert there.targets == []


def test_what_cannot_be_fetched_whole_is_389(bakery: Publisher) -> None:
    path = f"{bakery.page}/videos"
    with Origin(FILE) as origin:
        origin.refusals.append((404, ""))
        assert refusal(bakery.ask("POST", path, data={"file_url": origin.url})) == (389, None)
        origin.cuts.append(1000)
        assert refusal(bakery.ask("POST", path, data={"file_url": origin.url})) == (389, None)
        gone = origin.url
    assert refusal(bakery.ask("POST", path, data={"file_url": gone})) == (389, None)
    with Origin(b"") as empty:
        assert refusal(bakery.ask("POST", path, data={"file_url": empty.url})) == (389, None)
    assert bakery.emulator.videos() == []


def test_a_file_that_is_too_large_is_refused(bakery: Publisher) -> None:
    bakery.emulator.switch(most_video_bytes=1000)
    with Origin(FILE) as origin:
        answer = bakery.ask("POST", f"{bakery.page}/videos", data={"file_url": origin.url})
    assert refusal(answer) == (6000, 1363023)


def test_an_address_does_not_go_with_an_upload_in_chunks(bakery: Publisher) -> None:
    answer = bakery.videos("start", file_size=2048, file_url="http://127.0.0.1/film.mp4")
    assert refusal(answer) == (100, None)


def test_a_reel_is_fetched_for_a_header(bakery: Publisher) -> None:
    bakery.emulator.switch(page_processing_seconds=0.0)
    started = bakery.start_reel()
    with Origin(FILE) as origin:
        answer = bakery.emulator.http.post(
            started["upload_url"],
            headers={"Authorization": f"OAuth {bakery.token}", "file_url": origin.url},
        )
    assert answer.json() == {"success": True}
    status = bakery.status(started["video_id"])
    assert status["uploading_phase"]["bytes_transferred"] == len(FILE)
    assert bakery.finish_reel(started).json() == {"success": True}
    (reel,) = bakery.emulator.videos()
    assert (reel["kind"], reel["sha256"]) == ("reel", sha256(FILE))


@pytest.mark.parametrize("address", ["http://192.0.2.1/film.mp4", "http://127.0.0.1:9/film.mp4"])
def test_a_reel_that_cannot_be_fetched_is_told_so_by_the_upload_host(
    bakery: Publisher, address: str
) -> None:
    started = bakery.start_reel()
    answer = bakery.emulator.http.post(
        started["upload_url"],
        headers={"Authorization": f"OAuth {bakery.token}", "file_url": address},
    )
    assert (answer.status_code, answer.json()["debug_info"]["type"]) == (
        422,
        "FileUrlProcessingError",
    )
    assert bakery.status(started["video_id"])["video_status"] == "uploading"


def test_a_fetched_reel_outlives_a_restart_whole(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    first = Emulator.start(state=state)
    bakery = Publisher.of(first)
    started = bakery.start_reel()
    bakery.send(started, b"a beginning", 0, file_size="5000")
    with Origin(FILE) as origin:
        first.http.post(
            started["upload_url"],
            headers={"Authorization": f"OAuth {bakery.token}", "file_url": origin.url},
        )
    assert first.stop() == 0

    second = Emulator.start(state=state)
    try:
        Publisher(second, bakery.page, bakery.token).finish_reel(started)
        assert [video["sha256"] for video in second.videos()] == [sha256(FILE)]
    finally:
        assert second.stop() == 0


def test_a_reels_address_in_a_body_is_a_missing_offset(bakery: Publisher) -> None:
    started = bakery.start_reel()
    answer = bakery.emulator.http.post(
        started["upload_url"],
        headers={"Authorization": f"OAuth {bakery.token}"},
        json={"file_url": "http://127.0.0.1/film.mp4"},
    )
    told = answer.json()["debug_info"]
    assert told["message"] == "Header Offset not convertable to unsigned long"


def test_of_two_addresses_for_a_reel_the_newer_counts(bakery: Publisher) -> None:
    reel = bakery.start_reel()
    parts = [(FILE, threading.Event()), (FILE[::-1], threading.Event())]
    with ThreadPoolExecutor(2) as pool, _halting(parts) as addresses:
        answers = []
        for n, address in enumerate(addresses, 1):
            answers.append(pool.submit(bakery.send, reel, b"", 0, file_url=address))
            eventually(partial(_has_received, bakery, n * len(FILE) // 2))
        parts[0][1].set()
        refused = answers[0].result()
        assert (refused.status_code, bakery.finish_reel(reel).status_code) == (422, 400)
        parts[1][1].set()
        assert answers[1].result().json() == {"success": True}
    assert bakery.finish_reel(reel).status_code == 200
    assert bakery.emulator.videos()[0]["sha256"] == sha256(FILE[::-1])


def _has_received(publisher: Publisher, least: int) -> bool:
    received: int = publisher.emulator.state()["transfer"]["bytes_received"]
    return received >= least


@contextmanager
def _halting(parts: list[tuple[bytes, threading.Event]]) -> Iterator[list[str]]:
    """Serve each file up to its half, and the rest when its event is set."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content, rest = parts[int(self.path[1:])]
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            half = len(content) // 2
            self.wfile.write(content[:half])
            self.wfile.flush()
            rest.wait()
            with suppress(ConnectionError):
                self.wfile.write(content[half:])

        def log_message(self, format: str, *args: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield [f"http://127.0.0.1:{server.server_port}/{n}" for n in range(len(parts))]
        finally:
            for _, rest in parts:
                rest.set()
            server.shutdown()
