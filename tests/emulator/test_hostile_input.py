"""Whatever a client writes is answered in the platform's own form, and costs little.

Each of these bodies, headers and parameters once made a 500, or kept the emulator busy.
"""

import json
from typing import Any

import httpx2
import pytest

from testkit.emulator import Emulator
from testkit.meta import person_token
from tests.emulator.meta.publisher import Publisher
from tests.emulator.stranger import Stranger

DEEP = "[" * 200_000
DIGITS = "9" * 5000
JSON = {"Content-Type": "application/json"}
NO_BOUNDARY = {"Content-Type": "multipart/form-data"}
STRANGE_CHARSET = {"Content-Type": "application/x-www-form-urlencoded; charset=none"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
NESTED = {"Content-Type": "multipart/form-data; boundary=x"}
NESTED_BODY = (
    b"--x\r\nContent-Type: multipart/mixed; boundary=y\r\n"
    b'Content-Disposition: form-data; name="a"\r\n\r\n--y\r\n\r\nhi\r\n--y--\r\n--x--\r\n'
)
UNREADABLE: list[tuple[dict[str, str], str | bytes]] = [
    (JSON, DEEP),
    (JSON, b"\xff"),
    (NO_BOUNDARY, "abc"),
    (STRANGE_CHARSET, "a=b"),
    (FORM, b"a=\xff"),
    (NESTED, NESTED_BODY),
]
"""Bodies that no parser can read."""


@pytest.mark.parametrize(("headers", "body"), UNREADABLE)
@pytest.mark.parametrize("path", ["/token", "/revoke", "/v27.0/oauth/access_token", "/v27.0/1"])
def test_a_body_that_cannot_be_read_says_nothing(
    emulator: Emulator, path: str, headers: dict[str, str], body: str | bytes
) -> None:
    answer = emulator.http.post(path, content=body, headers=headers)
    assert 400 <= answer.status_code < 500
    assert "error" in answer.json()


@pytest.mark.parametrize(("headers", "body"), UNREADABLE)
@pytest.mark.parametrize("path", ["/o/oauth2/v2/auth/decision", "/dialog/oauth/decision"])
def test_a_decision_that_cannot_be_read_is_a_page(
    emulator: Emulator, path: str, headers: dict[str, str], body: str | bytes
) -> None:
    answer = emulator.http.post(path, content=body, headers=headers)
    assert answer.status_code == 400
    assert "text/html" in answer.headers["content-type"]


@pytest.mark.parametrize("body", [DEEP, '{"a":' * 200_000])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/youtube/v3/playlists?part=snippet"),
        ("PUT", "/youtube/v3/videos?part=snippet"),
        ("POST", "/upload/youtube/v3/videos?part=snippet&uploadType=resumable"),
    ],
)
def test_json_that_is_nested_deeply_is_a_parse_error_at_google(
    ana: Stranger, method: str, path: str, body: str
) -> None:
    headers = {"Authorization": f"Bearer {ana.access_token}", **JSON}
    headers["X-Upload-Content-Type"] = "video/mp4"
    answer = ana.emulator.http.request(method, path, content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"]["errors"][0]["reason"] == "parseError"


@pytest.mark.parametrize(
    "path",
    [
        f"playlists?part=id&mine=true&maxResults={DIGITS}",
        "videos?part=id&id=x&fields=" + "a(" * 1000 + "a" + ")" * 1000,
        "videos?part=id&id=x&fields=items" + "/id" * 2000,
    ],
)
def test_parameters_without_measure_are_bad_requests_at_google(ana: Stranger, path: str) -> None:
    answer = ana.emulator.http.get(
        f"/youtube/v3/{path}", headers={"Authorization": f"Bearer {ana.access_token}"}
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["errors"][0]["reason"] == "invalidParameter"


@pytest.mark.parametrize("number", [DIGITS, "\N{SUPERSCRIPT TWO}", "-1"])
def test_a_length_that_is_no_number_is_a_bad_request(ana: Stranger, number: str) -> None:
    answer = ana.emulator.http.post(
        "/upload/youtube/v3/videos?part=snippet&uploadType=resumable",
        headers={
            b"Authorization": f"Bearer {ana.access_token}".encode(),
            b"X-Upload-Content-Type": b"video/mp4",
            b"X-Upload-Content-Length": number.encode(),
        },
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["errors"][0]["reason"] == "badRequest"


def test_a_range_without_measure_is_not_parsed(ana: Stranger) -> None:
    headers = {"Authorization": f"Bearer {ana.access_token}"}
    headers["Content-Range"] = f"bytes 0-1/{DIGITS}"
    answer = ana.emulator.http.put(ana.session(), content=b"ab", headers=headers)
    assert (answer.status_code, answer.text) == (400, "Failed to parse Content-Range header.")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (f"/v{DIGITS}.0/me", 2635),
        (f"/v27.0/me/accounts?limit={DIGITS}", 100),
        ("/v27.0/me?fields=" + "[" * 7000, 2500),
        ("/v27.0/me?fields=" + "a{" * 1000 + "a.as(b)" + "}" * 1000, 2500),
        ("/v27.0/me?fields=" + "a.fields(" * 500 + "a.as(b)" + ")" * 500, 2500),
    ],
)
def test_parameters_without_measure_are_errors_of_the_graph_api(
    emulator: Emulator, path: str, code: int
) -> None:
    headers = {"Authorization": f"Bearer {person_token(emulator)}"}
    answer = emulator.http.get(path, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == code


def test_many_fields_cost_little(emulator: Emulator) -> None:
    """Quadratic time would be hours."""
    headers = {"Authorization": f"Bearer {person_token(emulator)}"}
    answer = emulator.http.request(
        "GET", "/v27.0/me", json={"fields": "id," * 1_000_000}, headers=headers
    )
    assert answer.status_code == 200


def ask_batch(emulator: Emulator, *entries: dict[str, Any]) -> httpx2.Response:
    """Send a batch with Ana's token."""
    data = {"batch": json.dumps(entries), "access_token": person_token(emulator)}
    return emulator.http.post("/v27.0/", data=data)


@pytest.mark.parametrize(
    "entry",
    [
        {"headers": ["x"]},
        {"headers": 5},
        {"headers": {"If-None-Match": "x"}},
        {"headers": [{"name": "a\r\nb", "value": "x"}]},
        {"headers": [{"name": "a", "value": "x\r\nHost: b"}]},
        {"method": "GE T"},
        {"method": "CONNECT"},
        {"method": "POST", "relative_url": "?batch=[]"},
        {"method": "POST", "relative_url": "", "body": "batch=[]"},
    ],
)
def test_a_batched_request_that_is_none_is_refused(
    emulator: Emulator, entry: dict[str, Any]
) -> None:
    answer = ask_batch(emulator, {"method": "GET", "relative_url": "me", **entry})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == 100
    assert emulator.calls("batch") == 1


def test_a_batch_that_is_nested_deeply_is_refused(emulator: Emulator) -> None:
    data = {"batch": DEEP, "access_token": person_token(emulator)}
    answer = emulator.http.post("/v27.0/", data=data)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "(#100) Param batch must be valid JSON."


def test_headers_of_the_connection_are_not_those_of_a_batched_request(emulator: Emulator) -> None:
    headers = [
        {"name": "Content-Length", "value": "50"},
        {"name": "Transfer-Encoding", "value": "chunked"},
        {"name": "Host", "value": "www.example.com"},
    ]
    entry = {"method": "GET", "relative_url": "me/accounts?limit=1", "headers": headers}
    [reply] = ask_batch(emulator, entry).json()
    assert reply["code"] == 200
    assert "example.com" not in reply["body"]


def test_results_that_repeat_results_end_at_a_limit(emulator: Emulator) -> None:
    """Each request could quote an earlier response thousands of times."""
    first = {"method": "GET", "relative_url": "me/accounts", "name": "r0"}
    others = [
        {
            "method": "GET",
            "relative_url": "me",
            "name": f"r{n}",
            "body": f"{{result=r{n - 1}:$}}" * 2000,
            "omit_response_on_success": False,
        }
        for n in range(1, 3)
    ]
    answer = ask_batch(emulator, first, *others)
    assert answer.json()["error"]["message"].startswith("(#100) The results of earlier requests")


@pytest.mark.parametrize("strange", ["../_emulator/state", 'me?"x', "me/accounts", ".."])
def test_an_id_is_one_segment_of_a_path(emulator: Emulator, strange: str) -> None:
    emulator.switch(app_made_before_v27=True)
    query = {"ids": json.dumps([strange]), "access_token": person_token(emulator)}
    answer = emulator.http.get("/v27.0/", params=query)
    assert answer.json()["error"]["code"] == 803


LARGE = 17 * 1024**2


@pytest.mark.parametrize("headers", [JSON, FORM])
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/token"), ("POST", "/v27.0/me/permissions"), ("POST", "/_emulator/switches")],
)
def test_a_body_that_is_read_as_a_whole_has_a_limit(
    emulator: Emulator, method: str, path: str, headers: dict[str, str]
) -> None:
    answer = emulator.http.request(method, path, content=b"x" * LARGE, headers=headers)
    assert answer.status_code == 413
    assert "error" in answer.json()


def test_the_metadata_of_an_upload_has_a_limit(ana: Stranger) -> None:
    headers = {
        "Authorization": f"Bearer {ana.access_token}",
        "Content-Type": "multipart/related; boundary=x",
    }
    answer = ana.emulator.http.post(
        "/upload/youtube/v3/videos?uploadType=multipart&part=snippet",
        content=b"--x\r\n\r\n" + b"x" * 3 * 1024**2,
        headers=headers,
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "The metadata is too long."


@pytest.mark.parametrize("part", [b'name="\xff\xfe"', b"filename=x", b""])
def test_a_part_of_a_form_without_a_name_is_no_form(emulator: Emulator, part: bytes) -> None:
    bakery = Publisher.of(emulator)
    body = b"--x\r\nContent-Disposition: form-data; " + part + b"\r\n\r\nhi\r\n--x--\r\n"
    answer = bakery.ask("POST", f"{bakery.page}/videos", content=body, headers=NESTED)
    assert 400 <= answer.status_code < 500


def test_half_a_pair_of_surrogates_is_a_parse_error(ana: Stranger) -> None:
    answer = ana.ask(
        "POST",
        "/youtube/v3/playlists?part=snippet",
        content=rb'{"snippet": {"title": "a\uD800b"}}',
        headers=JSON,
    )
    assert answer.status_code == 400
    whole = rb'{"snippet": {"title": "\ud83d\ude00"}}'
    answer = ana.ask("POST", "/youtube/v3/playlists?part=snippet", content=whole, headers=JSON)
    assert answer.json()["snippet"]["title"] == "\N{GRINNING FACE}"
