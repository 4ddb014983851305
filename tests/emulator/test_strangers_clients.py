"""Other makers' clients find Google here, unchanged but for the address."""

# mypy: disable-error-code="no-untyped-call, no-any-return, import-untyped"

import importlib.resources
import io
import json
from pathlib import Path
from typing import Any

import google.auth.exceptions
import google.auth.transport.requests
import googleapiclient
import pytest
from authlib.integrations.requests_client import OAuth2Session
from google.oauth2.credentials import Credentials
from google_auth_oauthlib.flow import Flow
from googleapiclient.discovery import build_from_document
from googleapiclient.errors import HttpError, ResumableUploadError
from googleapiclient.http import MediaFileUpload, MediaIoBaseUpload
from joserfc import jwt
from joserfc.jwk import KeySet
from oauthlib.oauth2.rfc6749.errors import InvalidGrantError

from testkit.emulator import CLIENT_ID, CLIENT_SECRET, Emulator
from tests.emulator.stranger import (
    KIB256,
    MANAGE,
    READ,
    REDIRECT,
    UPLOAD,
    query_of,
    sha256,
    some_bytes,
)

SCOPES = ["openid", "https://www.googleapis.com/auth/userinfo.email", UPLOAD, READ, MANAGE]


def make_flow(emulator: Emulator) -> Flow:
    """Return Google's own flow, as from a downloaded client_secret.json."""
    config = {
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "auth_uri": f"{emulator.url}/o/oauth2/auth",
        "token_uri": f"{emulator.url}/token",
    }
    return Flow.from_client_config({"web": config}, scopes=SCOPES, redirect_uri=REDIRECT)


@pytest.fixture
def credentials(emulator: Emulator) -> Credentials:
    """What Google's own flow ends with."""
    flow = make_flow(emulator)
    url, _ = flow.authorization_url(prompt="consent", include_granted_scopes="true")
    flow.fetch_token(authorization_response=emulator.consent(url))
    return flow.credentials


@pytest.fixture
def youtube(emulator: Emulator, credentials: Credentials) -> Any:
    """Google's own API client, from the discovery document it brings along."""
    documents = importlib.resources.files(googleapiclient) / "discovery_cache/documents"
    document = json.loads((documents / "youtube.v3.json").read_text())
    document["rootUrl"] = document["baseUrl"] = f"{emulator.url}/"
    return build_from_document(document, credentials=credentials)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of three chunks and a bit."""
    path = tmp_path / "video.mp4"
    path.write_bytes(some_bytes(3 * KIB256 + 99))
    return path


def body(title: str = "A title") -> dict[str, Any]:
    """Return what a client says about a video."""
    return {"snippet": {"title": title}, "status": {"privacyStatus": "private"}}


def test_googles_flow_ends_with_credentials(credentials: Credentials) -> None:
    assert credentials.valid
    assert credentials.refresh_token
    assert set(credentials.granted_scopes) == set(SCOPES)


def test_googles_flow_needs_its_verifier_back(emulator: Emulator) -> None:
    url, _ = make_flow(emulator).authorization_url()
    location = emulator.consent(url)
    with pytest.raises(InvalidGrantError, match="code verifier"):
        make_flow(emulator).fetch_token(authorization_response=location)


def test_google_auth_refreshes(emulator: Emulator, credentials: Credentials) -> None:
    before = credentials.token
    credentials.refresh(google.auth.transport.requests.Request())
    assert credentials.token != before
    assert emulator.calls("oauth.token.refresh") == 1


def test_google_auth_tells_a_dead_refresh_token(
    emulator: Emulator, credentials: Credentials
) -> None:
    emulator.http.post("/revoke", data={"token": credentials.refresh_token})
    with pytest.raises(google.auth.exceptions.RefreshError, match="invalid_grant") as caught:
        credentials.refresh(google.auth.transport.requests.Request())
    assert not caught.value.retryable


def test_a_resumable_upload_in_chunks(emulator: Emulator, youtube: Any, file: Path) -> None:
    media = MediaFileUpload(str(file), "video/mp4", chunksize=KIB256, resumable=True)
    request = youtube.videos().insert(part="snippet,status", body=body(), media_body=media)
    seen, video = [], None
    while video is None:
        status, video = request.next_chunk()
        seen.append(status.resumable_progress if status else None)
    assert seen == [KIB256, 2 * KIB256, 3 * KIB256, None]
    assert emulator.videos()[0]["sha256"] == sha256(file.read_bytes())
    assert youtube.videos().list(part="status", id=video["id"]).execute()["items"]


def test_an_upload_resumes_in_another_process(emulator: Emulator, youtube: Any, file: Path) -> None:
    def request() -> Any:
        media = MediaFileUpload(str(file), "video/mp4", chunksize=KIB256, resumable=True)
        return youtube.videos().insert(part="snippet,status", body=body(), media_body=media)

    first = request()
    first.next_chunk()
    second = request()
    second.resumable_uri, second._in_error_state = first.resumable_uri, True
    second.execute()
    assert [video["sha256"] for video in emulator.videos()] == [sha256(file.read_bytes())]
    assert emulator.state()["sessions"][0]["received"] == file.stat().st_size


def test_an_upload_goes_on_after_a_503(emulator: Emulator, youtube: Any, file: Path) -> None:
    emulator.fault("videos.insert.transfer", "status", status=503, skip=1)
    media = MediaFileUpload(str(file), "video/mp4", chunksize=KIB256, resumable=True)
    request = youtube.videos().insert(part="snippet,status", body=body(), media_body=media)
    request.next_chunk()
    with pytest.raises(HttpError):
        request.next_chunk()
    request.execute()
    assert [video["sha256"] for video in emulator.videos()] == [sha256(file.read_bytes())]


def test_a_multipart_upload(emulator: Emulator, youtube: Any, file: Path) -> None:
    media = MediaFileUpload(str(file), "video/mp4")
    video = youtube.videos().insert(part="snippet,status", body=body(), media_body=media).execute()
    assert video["snippet"]["title"] == "A title"
    assert emulator.videos()[0]["sha256"] == sha256(file.read_bytes())


def test_a_media_upload(emulator: Emulator, youtube: Any, file: Path) -> None:
    media = MediaFileUpload(str(file), "video/mp4")
    video = youtube.videos().insert(part="snippet", media_body=media).execute()
    assert video["snippet"]["title"] == "unknown"
    assert emulator.videos()[0]["sha256"] == sha256(file.read_bytes())


def test_a_failed_start_is_a_resumable_upload_error(youtube: Any, file: Path) -> None:
    media = MediaFileUpload(str(file), "video/mp4", resumable=True)
    request = youtube.videos().insert(part="snippet,status", body=body("<b>"), media_body=media)
    with pytest.raises(ResumableUploadError) as caught:
        request.execute()
    assert json.loads(caught.value.content)["error"]["errors"][0]["reason"] == "invalidTitle"


@pytest.mark.parametrize("resumable", [True, False])
def test_a_thumbnail_and_captions(
    emulator: Emulator, youtube: Any, file: Path, resumable: bool
) -> None:
    media = MediaFileUpload(str(file), "video/mp4")
    video = youtube.videos().insert(part="snippet,status", body=body(), media_body=media).execute()
    picture, track = b"\x89PNG\r\n\x1a\n picture", b"1\n00:00:00,000 --> 00:00:01,000\nHello\n"
    youtube.thumbnails().set(
        videoId=video["id"],
        media_body=MediaIoBaseUpload(io.BytesIO(picture), "image/png", resumable=resumable),
    ).execute()
    youtube.captions().insert(
        part="snippet",
        body={"snippet": {"videoId": video["id"], "language": "en", "name": "English"}},
        media_body=MediaIoBaseUpload(
            io.BytesIO(track), "application/octet-stream", resumable=resumable
        ),
    ).execute()
    [shown] = emulator.videos()
    assert shown["thumbnail_sha256"] == sha256(picture)
    assert shown["captions"][0]["sha256"] == sha256(track)


def test_authlib_goes_through_consent_with_pkce_and_refreshes(emulator: Emulator) -> None:
    client = OAuth2Session(
        CLIENT_ID,
        CLIENT_SECRET,
        scope=" ".join(SCOPES),
        redirect_uri=REDIRECT,
        code_challenge_method="S256",
        token_endpoint_auth_method="client_secret_post",
    )
    verifier = "v" * 64
    url, _ = client.create_authorization_url(
        f"{emulator.url}/o/oauth2/v2/auth",
        code_verifier=verifier,
        access_type="offline",
        prompt="consent",
    )
    token = client.fetch_token(
        f"{emulator.url}/token",
        authorization_response=emulator.consent(url),
        code_verifier=verifier,
    )
    assert token["access_token"].startswith("ya29.")
    again = client.refresh_token(f"{emulator.url}/token", refresh_token=token["refresh_token"])
    assert again["access_token"] != token["access_token"]


def test_an_id_token_verifies_against_the_published_key(emulator: Emulator) -> None:
    flow = make_flow(emulator)
    url, _ = flow.authorization_url(nonce="once")
    flow.fetch_token(code=query_of(emulator.consent(url))["code"])
    found = emulator.http.get("/.well-known/openid-configuration").json()
    keys = KeySet.import_key_set(emulator.http.get(found["jwks_uri"]).json())
    claims = jwt.decode(flow.credentials.id_token, keys).claims
    assert claims["iss"] == found["issuer"] == emulator.url
    assert (claims["email"], claims["nonce"]) == ("ana@example.test", "once")
