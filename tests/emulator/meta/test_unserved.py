"""What the Graph API does not serve says so, in Meta's shape."""

import pytest

from testkit.emulator import Emulator
from testkit.meta import person_token, refusal
from tests.emulator.meta.publisher import Publisher


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/v27.0", 100),
        ("GET", "/v27.0/", 100),
        ("GET", "/v27.0/somebody", 803),
        ("GET", "/v27.0/me/nonsense", 2500),
        ("GET", "/me/nonsense", 2500),
        ("PUT", "/v27.0/me/nonsense/more", 2500),
        ("GET", "/12345/nonsense", 2500),
        ("PUT", "/v27.0/me", 100),
        ("OPTIONS", "/v27.0/me", 100),
        ("OPTIONS", "/me/accounts", 100),
        ("DELETE", "/v27.0/debug_token", 100),
        ("POST", "/v27.0/me/accounts", 100),
        ("PATCH", "/v27.0/12345", 100),
        ("POST", "/v27.0/12345/photos", 100),
        ("GET", "/v27.0/me/businesses", 100),
        ("GET", "/v27.0/1_2/comments", 100),
    ],
)
def test_it_is_an_error_in_the_envelope(
    emulator: Emulator, method: str, path: str, code: int
) -> None:
    headers = {"Authorization": f"Bearer {person_token(emulator)}"}
    answer = emulator.http.request(method, path, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code), answer.text
    assert answer.json()["error"]["fbtrace_id"]


def test_an_edge_of_metas_that_is_not_served_is_named(bakery: Publisher) -> None:
    refused = bakery.ask("GET", f"{bakery.page}/conversations").json()["error"]
    assert refused["message"] == (
        "Unsupported get request. The emulator does not serve /conversations."
    )


def test_the_words_name_the_method_and_what_is_unknown(bakery: Publisher) -> None:
    unknown = bakery.ask("GET", f"{bakery.page}/nonsense").json()["error"]
    assert unknown["message"] == "Unknown path components: /nonsense"
    refused = bakery.ask("PUT", bakery.page).json()["error"]
    assert refused["message"].startswith(
        f"Unsupported put request. Object with ID '{bakery.page}' does not exist"
    )
    assert refused["type"] == "GraphMethodException"


@pytest.mark.parametrize("path", ["/v27.0/me", "/v27.0/nonsense", "/me"])
def test_a_question_about_headers_is_refused_without_a_body(emulator: Emulator, path: str) -> None:
    answer = emulator.http.head(path)
    assert (answer.status_code, answer.content) == (400, b"")
    assert answer.headers["content-type"].startswith("application/json")


def test_a_version_that_never_was_is_refused_before_anything_else(emulator: Emulator) -> None:
    assert refusal(emulator.http.get("/v28.0/nonsense", params={"ids": "1"})) == (2635, None)
