"""Where a command looks for the API, with which key, and what it says when it finds none."""

import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx2
import pytest

from cli.addresses import Addresses, announced
from cli.service import Place, Service, locate_api, open_service, save_key
from domain.errors import CastlineError, InvalidRequest, Unauthorized, Unavailable
from domain.secrets import Secret
from runtime.settings import Settings
from tests.support.connect_proxy import ConnectProxy
from tests.support.machine import Machine, eventually
from tests.support.raw_server import RawServer
from tests.support.serving import serving

SECRET = "cl_never-shown"
COMMANDS = [
    ("connect",),
    ("publish", "clip.mp4", "--title", "A clip"),
    ("watch",),
    ("watch", "asg_1"),
    ("timeline", "asg_1"),
]


@pytest.fixture(autouse=True)
def _nothing_of_this_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("CASTLINE_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.model_validate(
        {"data_dir": tmp_path, "port": 9, "public_url": "https://castline.example.com"}
    )


def test_the_api_is_where_it_was_said_then_where_it_runs_then_where_the_settings_say(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert locate_api(settings).url == "http://127.0.0.1:9"
    with announced(settings, "api", Addresses(api="http://127.0.0.1:9001")):
        assert locate_api(settings).url == "http://127.0.0.1:9001"
        monkeypatch.setenv("CASTLINE_URL", "http://127.0.0.1:9002/")
        assert locate_api(settings).url == "http://127.0.0.1:9002"
        assert locate_api(settings, "http://127.0.0.1:9003").url == "http://127.0.0.1:9003"


def test_an_api_that_chooses_its_port_and_does_not_run_is_at_no_address(tmp_path: Path) -> None:
    chosen = Settings.model_validate({"data_dir": tmp_path, "port": 0})
    with pytest.raises(Unavailable) as told:
        locate_api(chosen)
    assert "http://" not in told.value.sentence
    assert f"{tmp_path}/up.json names none" in told.value.sentence
    assert "`castline up` or `castline api`" in told.value.sentence


@pytest.mark.parametrize(
    "url",
    ["nonsense", "ftp://a", "http://[", "http://user:cl_x@host", "http://a b", "http://a:99999"],
)
def test_an_address_that_is_none_is_refused_without_being_shown(
    settings: Settings, url: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        locate_api(settings, url)
    assert refused.value.sentence == ("--url must be an http or https URL without user or query.")


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("with_key", [True, False])
def test_every_command_says_where_it_looked_and_how_to_start_the_api(
    tmp_path: Path, words: tuple[str, ...], with_key: bool
) -> None:
    machine = Machine(tmp_path)
    if with_key:
        machine.data.mkdir()
        (machine.data / "key").write_text(SECRET)
    ended = machine.run(*words)
    assert (ended.returncode, ended.stdout) == (1, "")
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"castline: The API does not answer at {machine.url}. ")
    assert f"{machine.data.resolve()}/up.json names no running API" in line
    assert "`castline up` or `castline api`" in line
    assert SECRET not in line


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_takes_an_address_and_a_key_file(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "own key").write_text(SECRET)
    ended = Machine(tmp_path).run(
        *words, "--url", "http://127.0.0.1:9", "--key-file", str(tmp_path / "own key")
    )
    assert ended.returncode == 1
    assert ended.stderr == (
        "castline: The API does not answer at http://127.0.0.1:9. --url names this address.\n"
    )


@pytest.mark.parametrize(
    "content", [b"", b"cl_two words\n", b"cl_\xe9\n", b"cl_one\ncl_two", b"\xff\xfe"], ids=ascii
)
def test_a_file_without_a_key_is_refused_without_being_shown(
    settings: Settings, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "some file").write_bytes(content)
    with pytest.raises(Unauthorized) as refused:
        open_with_api(settings, tmp_path / "some file")
    assert refused.value.code == "key_malformed"
    assert "cl_two" not in refused.value.sentence


@pytest.mark.parametrize("name", ["nowhere", "."])
def test_a_key_file_that_is_none_is_named(settings: Settings, tmp_path: Path, name: str) -> None:
    with pytest.raises(Unauthorized) as refused:
        open_with_api(settings, tmp_path / name)
    assert refused.value.code == "key_missing"
    assert str(tmp_path / name) in refused.value.sentence


def open_with_api(settings: Settings, key_file: Path) -> Service:
    """With somebody who answers, so that nothing but the key is missing."""
    with serving(BaseHTTPRequestHandler) as port:
        return open_service(settings, f"http://127.0.0.1:{port}", key_file)


def test_a_key_is_kept_where_there_was_no_folder(tmp_path: Path) -> None:
    settings = Settings.model_validate({"data_dir": tmp_path / "data"})
    path = save_key(settings, Secret(SECRET))
    assert path.read_text().strip() == SECRET
    assert path.stat().st_mode & 0o777 == 0o600


def service(answer: Callable[[httpx2.Request], httpx2.Response]) -> Service:
    place = Place("http://127.0.0.1:9", "")
    return Service(place, Secret(SECRET), transport=httpx2.MockTransport(answer))


@pytest.mark.parametrize("status", [200, 404])
def test_another_program_at_the_address_is_said(status: int) -> None:
    page = service(lambda request: httpx2.Response(status, text="<html>"))
    with pytest.raises(Unavailable) as refused:
        page.get("assignments")
    assert "not like Castline" in refused.value.sentence


def test_an_id_of_any_text_is_one_segment_of_the_path() -> None:
    asked: list[bytes] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.raw_path)
        return httpx2.Response(200, json={})

    service(answer).get("assignments", os.fsdecode(b"a/b?c#d%\xe9"))
    assert asked == [b"/api/v1/assignments/a%2Fb%3Fc%23d%25%E9"]


def test_a_sentence_of_the_api_is_one_line_however_it_was_written() -> None:
    problem: dict[str, Any] = {
        "error": "No\ncastline: all is well\x1b[2J",
        "code": "no",
        "details": {"fi\neld": ["Wro\nng."]},
    }
    refusing = service(lambda request: httpx2.Response(400, json=problem))
    with pytest.raises(CastlineError) as refused:
        refusing.get("videos")
    assert refused.value.sentence.split("\n") == [
        r"No\ncastline: all is well\x1b[2J",
        r"  fi\neld: Wro\nng.",
    ]


def test_no_proxy_sees_the_key_of_this_machine(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "key").write_text(SECRET)
    machine = Machine(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.settimeout(0.1)
        address = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        ended = machine.run("watch", HTTP_PROXY=address, ALL_PROXY=address, NO_PROXY="")
        assert "does not answer" in ended.stderr
        with pytest.raises(TimeoutError):
            proxy.accept()


def test_the_api_of_another_machine_is_reached_through_the_usual_proxy(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "key").write_text(SECRET)
    names = {"castline.invalid": "127.0.0.1"}
    with RawServer(lambda _: None) as server, ConnectProxy(names=names) as proxy:
        url = f"http://castline.invalid:{server.port}"
        Machine(tmp_path).run("watch", CASTLINE_URL=url, http_proxy=proxy.url, no_proxy="")
        assert set(proxy.asked) == {f"castline.invalid:{server.port}"}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[tuple[Machine, dict[str, str]]]:
    """`castline api` alone on a port that it chose, behind a public address that leads nowhere."""
    machine = Machine(tmp_path)
    public = {
        "CASTLINE_PORT": "0",
        "CASTLINE_PUBLIC_URL": "https://castline.example.com",
        "CASTLINE_PROBE_WITHOUT_ISOLATION": "true",
        "CASTLINE_GOOGLE_CLIENT_ID": "an-id",
        "CASTLINE_GOOGLE_CLIENT_SECRET": "a-secret",
    }
    for words in (("migrate",), ("workspaces", "create", "bakery"), ("keys", "create", "--save")):
        assert machine.run(*words).returncode == 0
    with subprocess.Popen(machine.command("api"), env={**machine.env, **public}) as process:
        try:
            eventually((machine.data / "up.json").exists, 60)
            yield machine, public
        finally:
            process.kill()


def test_a_connect_behind_a_public_address_reaches_the_api_on_the_port_that_it_chose(
    api: tuple[Machine, dict[str, str]],
) -> None:
    machine, public = api
    with subprocess.Popen(
        machine.command("connect", "youtube"),
        env={**machine.env, **public, "CASTLINE_PORT": str(machine.ports[0])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as connecting:
        assert connecting.stdout is not None
        line = connecting.stdout.readline()
        connecting.kill()
        said = connecting.communicate()[1]
    assert line.startswith("https://castline.example.com/api/v1/oauth/youtube/authorize"), said
