"""What is not there, and what the emulator does not serve, in Google's own shape."""

import pytest

from testkit.emulator import Emulator
from tests.emulator.stranger import Stranger, reason


@pytest.mark.parametrize("verb", ["GET", "POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize(
    "path",
    [
        "/youtube",
        "/youtube/v3",
        "/youtube/v3/nonsense",
        "/youtube/v2/videos",
        "/youtube/v3/videos/x",
        "/upload/youtube/v3/nonsense",
        "/resumable/upload/youtube/v3/nonsense",
        "/discovery/v1/apis/drive/v3/rest",
        "/discovery/nonsense",
    ],
)
def test_an_unknown_address_is_googles_404(emulator: Emulator, verb: str, path: str) -> None:
    answer = emulator.http.request(verb, path)
    assert (answer.status_code, reason(answer)) == (404, "notFound")
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.json()["error"]["message"] == "Not Found"


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("PATCH", "/youtube/v3/videos"),
        ("POST", "/youtube/v3/channels"),
        ("DELETE", "/youtube/v3/search"),
        ("GET", "/upload/youtube/v3/videos"),
        ("PUT", "/upload/youtube/v3/videos"),
        ("DELETE", "/resumable/upload/youtube/v3/captions"),
    ],
)
def test_a_wrong_http_method_is_googles_405(emulator: Emulator, verb: str, path: str) -> None:
    answer = emulator.http.request(verb, path)
    assert (answer.status_code, reason(answer)) == (405, "httpMethodNotAllowed")
    assert answer.headers["allow"]


@pytest.mark.parametrize(
    ("verb", "path", "name"),
    [
        ("GET", "/youtube/v3/comments?part=id", "youtube.comments.list"),
        ("PUT", "/youtube/v3/channels?part=id", "youtube.channels.update"),
        ("POST", "/youtube/v3/videos/rate?id=x&rating=like", "youtube.videos.rate"),
        ("GET", "/youtube/v3/i18nRegions?part=snippet", "youtube.i18nRegions.list"),
        ("POST", "/upload/youtube/v3/watermarks/set", "youtube.watermarks.set"),
        ("GET", "/youtube/v3/captions/some-id", "youtube.captions.download"),
        ("POST", "/batch/youtube/v3", "A batch of calls"),
        ("POST", "/batch", "A batch of calls"),
    ],
)
def test_what_google_has_and_the_emulator_has_not_says_so(
    ana: Stranger, verb: str, path: str, name: str
) -> None:
    answer = ana.ask(verb, path)
    assert (answer.status_code, reason(answer)) == (501, "notImplemented")
    error = answer.json()["error"]
    assert error["message"] == f"{name} is not served by this emulator."
    assert error["status"] == "UNIMPLEMENTED"
