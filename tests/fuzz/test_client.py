"""What an answer has to be: anything else is a finding, and names the attack that got it."""

from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from rich.console import Console

from domain.ids import new_video_id
from fuzz.canaries import Canaries
from fuzz.client import Answers, Client
from fuzz.origin import HostileOrigin
from fuzz.reporting import MOST_FINDINGS, show
from fuzz.running import Outcome
from fuzz.target import Target

TARGET = Target(
    api="http://api.test",
    key="cl_key",
    operator_key="cl_op_key",
    media=Path("/media"),
    connections=["con_1"],
    known={},
    canaries=Canaries({}),
    forbidden=[],
    foreign_upload="upl_1",
    origin=HostileOrigin(),
)


@pytest.fixture
def answers() -> Answers:
    return Answers()


def client(answers: Answers, answer: Callable[[httpx2.Request], httpx2.Response]) -> Client:
    http = httpx2.AsyncClient(base_url=TARGET.api, transport=httpx2.MockTransport(answer))
    return Client(http, TARGET, answers, "json_body", 41)


def always(status: int, text: str = "") -> Callable[[httpx2.Request], httpx2.Response]:
    return lambda _: httpx2.Response(status, text=text)


@pytest.mark.parametrize("status", [200, 201, 400, 404, 409, 413, 422, 503, 507])
async def test_an_answer_that_an_api_may_give_is_no_finding(answers: Answers, status: int) -> None:
    await client(answers, always(status)).ask("POST", "/api/v1/videos", {})
    assert not answers.findings
    assert answers.statuses["json_body"] == {status: 1}


@pytest.mark.parametrize("status", [500, 501, 502, 504])
async def test_a_server_error_is_a_finding_of_its_attack(answers: Answers, status: int) -> None:
    await client(answers, always(status, "broken")).ask("POST", "/api/v1/videos", {})
    (finding,) = answers.findings
    assert finding == f"POST /api/v1/videos: {status} broken"
    assert answers.first_attack[finding] == "json_body, number 41"


async def test_what_differs_by_ids_alone_is_one_finding(answers: Answers) -> None:
    asks = client(answers, always(500, '{"requestId": "0123456789abcdef"}'))
    for id in (new_video_id(), new_video_id()):
        await asks.ask("GET", f"/api/v1/videos/{id}")
    assert list(answers.findings.values()) == [2]


async def test_an_answer_that_comes_late_is_a_finding(answers: Answers) -> None:
    asks = client(answers, always(200))
    asks.bound = -1.0
    await asks.ask("GET", "/livez")
    assert list(answers.findings) == ["GET /livez: 200 after more than -1 s"]


async def test_no_answer_is_a_finding(answers: Answers) -> None:
    def silent(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ReadTimeout("", request=request)

    await client(answers, silent).ask("GET", "/livez")
    assert list(answers.findings) == ["GET /livez: no answer"]


async def test_an_api_that_hangs_up_is_counted(answers: Answers) -> None:
    def gone(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.RemoteProtocolError("", request=request)

    await client(answers, gone).ask("GET", "/livez")
    assert not answers.findings
    assert answers.hung_up == {"json_body": 1}


async def test_an_input_is_sent_until_its_share_has_room(answers: Answers) -> None:
    statuses = iter([429, 429, 201])
    await client(answers, lambda _: httpx2.Response(next(statuses))).ask("POST", "/a", {})
    assert answers.statuses["json_body"] == {429: 2, 201: 1}


async def test_what_must_never_be_accepted_is_a_finding_when_it_is(answers: Answers) -> None:
    asks = client(answers, always(201))
    asks.refused(await asks.ask("POST", "/a", {}), "a forbidden source")
    assert list(answers.findings) == ["a forbidden source was accepted"]


async def test_the_codec_gets_the_operators_key(answers: Answers) -> None:
    keys = []

    def note(request: httpx2.Request) -> httpx2.Response:
        keys.append(request.headers["Authorization"])
        return httpx2.Response(200)

    asks = client(answers, note)
    await asks.ask("POST", "/codec/decode", {})
    await asks.ask("GET", "/api/v1/videos")
    assert keys == ["Bearer cl_op_key", "Bearer cl_key"]


def test_a_bounded_number_of_findings_is_printed() -> None:
    outcome = Outcome(findings=[f"finding {number}" for number in range(MOST_FINDINGS + 5)])
    console = Console(record=True, quiet=False, width=120)
    show(outcome, console)
    text = console.export_text()
    assert text.count("FOUND") == MOST_FINDINGS
    assert "and 5 other findings" in text
