"""The way to Google: the official client library over connections of our own.

The library knows the API (addresses, parameters, bodies); its discovery document is the
packaged one, read once per process, with the root replaced by the configured one, because
the library's own option for that keeps the https scheme on upload addresses. It gets its
`http` object from here: our own pool, which is safe to share between threads, sends every
request exactly once and never refreshes a token behind our back. httplib2, its default,
is none of these: it repeats a request whose connection ended without an answer, a POST too.
Every error is classified here and raised without a cause.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import httplib2
from googleapiclient.discovery import build_from_document

from domain.secrets import Secret
from platforms.http import Http
from platforms.protocol import Credential
from platforms.transfer.machine import Answer
from platforms.youtube.errors import classify, unreadable


@dataclass(frozen=True, slots=True)
class GoogleApp:
    """Our OAuth client at Google, and where Google is."""

    client_id: str
    client_secret: Secret
    auth_url: str
    token_url: str
    revoke_url: str
    api_root: str


class Api:
    """The YouTube Data API: the library's resources, and `call` to execute their requests."""

    def __init__(self, root: str, http: Http) -> None:
        service = _service(root)
        self._http = http
        # Making a resource costs milliseconds and the result is immutable: make each once.
        self.captions: Any = service.captions()
        self.channels: Any = service.channels()
        self.playlist_items: Any = service.playlistItems()
        self.thumbnails: Any = service.thumbnails()
        self.videos: Any = service.videos()

    def call(self, credential: Credential, request: Any) -> dict[str, Any]:
        """Execute a request of the library; one HTTP call, never repeated."""
        resource = request.execute(http=_Bearer(self._http, credential.access_token))
        if not isinstance(resource, dict):
            raise unreadable()
        return resource

    def start(self, credential: Credential, request: Any, headers: Mapping[str, str]) -> Answer:
        """Send only the start of a resumable upload that the library has built."""
        answer = self._http.send(
            request.method,
            request.uri,
            headers={
                **request.headers,
                **headers,
                "authorization": f"Bearer {credential.access_token.reveal()}",
            },
            body=request.body,
        )
        if answer.status != 200:
            raise classify(answer)
        return answer


class _Bearer:
    """What the library takes for an `httplib2.Http`: one access token on the shared pool."""

    def __init__(self, http: Http, token: Secret) -> None:
        self._http = http
        self._token = token

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[httplib2.Response, bytes]:
        authorization = {"authorization": f"Bearer {self._token.reveal()}"}
        answer = self._http.send(
            method, uri, headers={**(headers or {}), **authorization}, body=body
        )
        if answer.status >= 300:
            raise classify(answer)
        head: Any = httplib2.Response({**answer.headers, "status": str(answer.status)})  # type: ignore[no-untyped-call]
        return head, answer.body


@cache
def _service(root: str) -> Any:
    document = json.loads(
        resources.files("googleapiclient")
        .joinpath("discovery_cache/documents/youtube.v3.json")
        .read_text("utf-8")
    )
    # The library joins upload addresses to it as they are.
    document["rootUrl"] = root if root.endswith("/") else f"{root}/"
    # Each call brings its own `http`; without one here the library looks for credentials.
    return build_from_document(document, http=httplib2.Http())  # type: ignore[no-untyped-call]
