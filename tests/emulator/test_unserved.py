"""What nobody serves answers as the platform would, by its name or by the path."""

import pytest

from testkit.emulator import Emulator

GOOGLE = ["www.googleapis.com", "oauth2.googleapis.com", "youtube.googleapis.com:443"]
META = [
    "graph.facebook.com",
    "www.facebook.com",
    "rupload.facebook.com",
    "graph-video.facebook.com",
]


@pytest.mark.parametrize("host", GOOGLE)
@pytest.mark.parametrize("path", ["/nowhere", "/", "/oauth2/v9/token", "/123/videos"])
def test_googles_names_answer_googles_json(emulator: Emulator, host: str, path: str) -> None:
    if path == "/123/videos":
        path = "/drive/v3/files"
    answer = emulator.http.get(path, headers={"Host": host})
    assert answer.status_code == 404
    error = answer.json()["error"]
    assert (error["code"], error["errors"][0]["reason"]) == (404, "notFound")


@pytest.mark.parametrize("host", META)
def test_metas_names_answer_the_graph_apis_json(emulator: Emulator, host: str) -> None:
    answer = emulator.http.get("/nowhere/at/all", headers={"Host": host})
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.json()["error"]["code"] == 2500
    assert "fbtrace_id" in answer.json()["error"]


@pytest.mark.parametrize(
    "path", ["/youtube/v3/nonsense", "/oauth2/v9/certs", "/token/x", "/upload/drive/v3/files"]
)
def test_googles_paths_answer_googles_json_under_any_name(emulator: Emulator, path: str) -> None:
    answer = emulator.http.get(path)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == 404


@pytest.mark.parametrize("path", ["/v26.0/12/nonsense/deep", "/dialog/nonsense", "/me/nonsense"])
def test_metas_paths_answer_the_graph_apis_json_under_any_name(
    emulator: Emulator, path: str
) -> None:
    answer = emulator.http.get(path)
    assert answer.is_error
    assert answer.json()["error"]["type"] == "OAuthException"


def test_another_method_is_refused_in_the_same_shape(emulator: Emulator) -> None:
    google = emulator.http.delete("/token")
    assert google.status_code == 405
    assert google.headers["allow"] == "POST"
    assert google.json()["error"]["code"] == 405
    meta = emulator.http.put("/dialog/oauth", headers={"Host": "www.facebook.com"})
    assert meta.is_error
    assert meta.json()["error"]["code"] == 100


@pytest.mark.parametrize("path", ["/nowhere", "/_emulator/nonsense", "/_emulator/state/x"])
def test_all_else_is_answered_in_words_of_the_emulators_own(emulator: Emulator, path: str) -> None:
    answer = emulator.http.post(path, content=b"x" * 100_000)
    assert answer.status_code == 404
    assert answer.json()["error"].startswith(f"Nothing is served at POST {path}.")


@pytest.mark.parametrize("host", ["www.youtube.com", "accounts.google.com", "www.facebook.com"])
def test_the_websites_begin_with_the_emulators_first_page(emulator: Emulator, host: str) -> None:
    page = emulator.http.get("/", headers={"Host": host})
    assert page.status_code == 200
    assert "/_emulator/state" in page.text


@pytest.mark.parametrize("host", ["evilgoogle.com", "facebook.com.evil.test", "[::1]:80", "x:y"])
def test_a_name_that_only_looks_like_a_platforms_is_nobodys(emulator: Emulator, host: str) -> None:
    answer = emulator.http.get("/nowhere", headers={"Host": host})
    assert answer.json()["error"].startswith("Nothing is served")
