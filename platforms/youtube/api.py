"""The way to Google: the official client library over connections of our own.

The library knows the API (addresses, parameters, bodies); its discovery document is the
packaged one, read once per process, with the root replaced by the configured one, because
the library's own option for that keeps the https scheme on upload addresses. It gets its
`http` object from here: a pool of kept-alive connections that is safe to share between
threads, sends every request exactly once and never refreshes a token behind our back.
httplib2, its default, is none of these: it repeats a request whose connection ended
without an answer, a POST too. Every error is classified here and raised without a cause,
since causes carry addresses and headers.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib import resources
from typing import Any

import httplib2
import httpx
from googleapiclient.discovery import build_from_document

from domain.errors import PlatformUnavailable
from domain.secrets import Secret
from platforms.protocol import Credential
from platforms.transfer.machine import Answer
from platforms.youtube.errors import classify, unreadable

# They log addresses (INFO) and answer headers (DEBUG), and a session's address is a secret.
for _talkative in ("httpx", "httpcore"):
    logging.getLogger(_talkative).setLevel(logging.WARNING)

_TIMEOUT = httpx.Timeout(60, connect=10)
_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=32, keepalive_expiry=60)


@dataclass(frozen=True, slots=True)
class GoogleApp:
    """Our OAuth client at Google, and where Google is."""

    client_id: str
    client_secret: Secret
    auth_url: str
    token_url: str
    revoke_url: str
    api_root: str


class Wire:
    """Connections to Google, kept alive and shared by all threads."""

    def __init__(self) -> None:
        # All accounts share it, so no cookie of one may go out with another's request.
        no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=()))
        self._client = httpx.Client(timeout=_TIMEOUT, limits=_LIMITS, cookies=no_cookies)

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | str | None = None
    ) -> Answer:
        """Send one request once and return the answer, whatever its status.

        Raises `PlatformUnavailable` (code `unreachable`) when there is no answer; the
        request may or may not have arrived then.
        """
        try:
            answer = self._client.request(method, url, headers=dict(headers), content=body)
        except (httpx.RequestError, httpx.InvalidURL):
            raise PlatformUnavailable("unreachable", "Google did not answer.") from None
        return Answer(answer.status_code, dict(answer.headers), answer.content)


class Api:
    """The YouTube Data API: the library's resources, and `call` to execute their requests."""

    def __init__(self, root: str, wire: Wire) -> None:
        service = _service(root)
        self._wire = wire
        # Making a resource costs milliseconds and the result is immutable: make each once.
        self.captions: Any = service.captions()
        self.channels: Any = service.channels()
        self.playlist_items: Any = service.playlistItems()
        self.thumbnails: Any = service.thumbnails()
        self.videos: Any = service.videos()

    def call(self, credential: Credential, request: Any) -> dict[str, Any]:
        """Execute a request of the library; one HTTP call, never repeated."""
        resource = request.execute(http=_Bearer(self._wire, credential.access_token))
        if not isinstance(resource, dict):
            raise unreadable()
        return resource

    def start(self, credential: Credential, request: Any, headers: Mapping[str, str]) -> Answer:
        """Send only the start of a resumable upload that the library has built."""
        answer = self._wire.send(
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
    """What the library takes for an `httplib2.Http`: one access token on the shared wire."""

    def __init__(self, wire: Wire, token: Secret) -> None:
        self._wire = wire
        self._token = token

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[httplib2.Response, bytes]:
        authorization = {"authorization": f"Bearer {self._token.reveal()}"}
        answer = self._wire.send(
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
