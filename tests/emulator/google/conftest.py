"""Google's own Python client, made from the discovery document that the emulator serves."""

# mypy: disable-error-code="no-untyped-call"

from typing import Any

import httpx2
import pytest
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from googleapiclient.http import MediaInMemoryUpload

from testkit.emulator import Emulator
from tests.emulator.stranger import Stranger

API_KEY = "castline-emulator-api-key"


def client_of(emulator: Emulator, **credentials: Any) -> Any:
    """Return the official client with somebody's credentials."""
    return build(
        "youtube",
        "v3",
        discoveryServiceUrl=f"{emulator.url}/$discovery/rest?version={{apiVersion}}",
        **credentials,
    )


def track(text: bytes = b"WEBVTT", *, resumable: bool = False) -> Any:
    """Return a caption file as the official client wants it."""
    return MediaInMemoryUpload(text, "application/octet-stream", resumable=resumable)


def public(title: str, **snippet: Any) -> dict[str, Any]:
    """Return the body of a public video."""
    return {"snippet": {"title": title, **snippet}, "status": {"privacyStatus": "public"}}


def by_key(emulator: Emulator, path: str, **options: Any) -> httpx2.Response:
    """Read something with the API key alone."""
    return emulator.http.get(f"/youtube/v3/{path}&key={API_KEY}", **options)


def ids(answer: httpx2.Response) -> list[Any]:
    """Return the ids of a list."""
    assert answer.is_success, answer.text
    return [item["id"] for item in answer.json()["items"]]


@pytest.fixture
def ben(emulator: Emulator) -> Stranger:
    """A client of somebody else."""
    return Stranger(emulator).connect("ben@example.test")


@pytest.fixture
def youtube(ana: Stranger) -> Any:
    """The official client with Ana's token."""
    return client_of(ana.emulator, credentials=Credentials(ana.access_token))
