"""The discovery document leads Google's own client here, uploads included."""

# mypy: disable-error-code="no-untyped-call"

from pathlib import Path
from typing import Any

import httplib2
import pytest
from google.oauth2.credentials import Credentials
from google_auth_httplib2 import AuthorizedHttp
from googleapiclient.discovery import build
from googleapiclient.http import MediaInMemoryUpload, build_http

from testkit.emulator import Emulator
from tests.emulator.stranger import KIB256, Stranger, reason, sha256, some_bytes

REST = ["/discovery/v1/apis/youtube/v3/rest", "/$discovery/rest?version=v3", "/$discovery/rest"]


@pytest.mark.parametrize("path", REST)
def test_the_document_names_this_address_everywhere(emulator: Emulator, path: str) -> None:
    document = emulator.http.get(path).json()
    assert document["id"] == "youtube:v3"
    assert document["servicePath"] == ""
    for name in ("rootUrl", "baseUrl", "mtlsRootUrl"):
        assert document[name] == f"{emulator.url}/"


def test_the_document_names_the_host_that_was_called(emulator: Emulator) -> None:
    answer = emulator.http.get(REST[0], headers={"Host": "youtube.googleapis.com"})
    assert answer.json()["rootUrl"] == "http://youtube.googleapis.com/"


def test_another_version_is_not_there(emulator: Emulator) -> None:
    answer = emulator.http.get("/$discovery/rest?version=v2")
    assert (answer.status_code, reason(answer)) == (404, "notFound")


def test_the_directory_names_the_document(emulator: Emulator) -> None:
    [entry] = emulator.http.get("/discovery/v1/apis?name=youtube&preferred=true").json()["items"]
    assert entry["id"] == "youtube:v3"
    assert emulator.http.get(entry["discoveryRestUrl"]).json()["id"] == "youtube:v3"
    assert emulator.http.get("/discovery/v1/apis?name=drive").json()["items"] == []


def publish(youtube: Any, data: bytes, *, resumable: bool) -> dict[str, Any]:
    media = MediaInMemoryUpload(data, "video/mp4", chunksize=KIB256, resumable=resumable)
    body = {"snippet": {"title": "A title"}, "status": {"privacyStatus": "private"}}
    request = youtube.videos().insert(part="snippet,status", body=body, media_body=media)
    video: dict[str, Any] = request.execute()
    return video


@pytest.mark.parametrize("path", REST[:2])
@pytest.mark.parametrize("resumable", [True, False])
def test_googles_client_is_built_from_it_and_uploads(
    ana: Stranger, path: str, resumable: bool
) -> None:
    youtube = build(
        "youtube",
        "v3",
        credentials=Credentials(ana.access_token),
        discoveryServiceUrl=ana.emulator.url + path,
    )
    data = some_bytes(2 * KIB256 + 7)
    video = publish(youtube, data, resumable=resumable)
    assert [v["sha256"] for v in ana.emulator.videos()] == [sha256(data)]
    [read] = youtube.videos().list(part="status", id=video["id"]).execute()["items"]
    assert read["status"]["privacyStatus"] == "private"


def test_googles_client_is_built_from_it_under_tls(tmp_path: Path) -> None:
    emulator = Emulator.start(tls=tmp_path)
    try:
        ana = Stranger(emulator).connect()
        http: httplib2.Http = build_http()
        http.ca_certs = str(tmp_path / "authority.pem")
        youtube = build(
            "youtube",
            "v3",
            http=AuthorizedHttp(Credentials(ana.access_token), http=http),
            discoveryServiceUrl=emulator.url + REST[0],
        )
        data = some_bytes(KIB256 + 1)
        publish(youtube, data, resumable=True)
        assert emulator.videos()[0]["sha256"] == sha256(data)
    finally:
        emulator.stop()
