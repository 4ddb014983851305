"""A stranger's client: plain HTTP, knowing Google's API and nothing of the emulator.

Its methods are named after what they send; they return the answer as it came.
"""

import base64
import hashlib
import random
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2

from testkit.emulator import ANA, CLIENT_ID, CLIENT_SECRET, Emulator

AUTH = "https://www.googleapis.com/auth/"
UPLOAD, READ, MANAGE = (
    AUTH + "youtube.upload",
    AUTH + "youtube.readonly",
    AUTH + "youtube.force-ssl",
)
REDIRECT = "http://127.0.0.1:9/callback"
KIB256 = 256 * 1024
VERIFIER = "a-verifier-that-is-long-enough-for-pkce-0123456789"


def some_bytes(size: int) -> bytes:
    """Return bytes that are the same in every run."""
    return random.Random(size).randbytes(size)


def sha256(data: bytes) -> str:
    """Return the hash as the emulator shows it."""
    return hashlib.sha256(data).hexdigest()


def challenge(verifier: str = VERIFIER) -> str:
    """Return the S256 challenge of a verifier."""
    return (
        base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    )


def query_of(location: str) -> dict[str, str]:
    """Return the query of a redirect."""
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


@dataclass
class Stranger:
    """A client of one account."""

    emulator: Emulator
    access_token: str = ""
    refresh_token: str = ""

    def auth_url(self, **query: str) -> str:
        """Return where to send the browser."""
        usual = {
            "client_id": CLIENT_ID,
            "redirect_uri": REDIRECT,
            "response_type": "code",
            "scope": f"{UPLOAD} {READ} {MANAGE}",
            "access_type": "offline",
            "state": "a state",
        }
        return f"{self.emulator.url}/o/oauth2/v2/auth?" + urlencode({**usual, **query})

    def code(self, account: str = ANA, scopes: list[str] | None = None, **query: str) -> str:
        """Get consent and return the code."""
        return query_of(self.emulator.consent(self.auth_url(**query), account, scopes))["code"]

    def token(self, **form: str) -> httpx2.Response:
        """Call the token endpoint, credentials in the body."""
        usual = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        return self.emulator.http.post("/token", data={**usual, **form})

    def exchange(self, code: str, **form: str) -> httpx2.Response:
        """Exchange a code."""
        usual = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
        return self.token(**{**usual, **form})

    def refresh(self, **form: str) -> httpx2.Response:
        """Refresh."""
        usual = {"grant_type": "refresh_token", "refresh_token": self.refresh_token}
        return self.token(**{**usual, **form})

    def connect(self, account: str = ANA, **query: str) -> "Stranger":
        """Get consent and tokens; return the client itself."""
        tokens = self.exchange(self.code(account, None, **{"prompt": "consent", **query})).json()
        self.access_token, self.refresh_token = tokens["access_token"], tokens["refresh_token"]
        return self

    @property
    def bearer(self) -> dict[str, str]:
        """The header of a call with a token."""
        return {"Authorization": f"Bearer {self.access_token}"}

    def ask(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """Call the API."""
        headers = {**self.bearer, **options.pop("headers", {})}
        return self.emulator.http.request(method, path, headers=headers, **options)

    def start(
        self, size: int | None = None, *, part: str = "snippet,status", **body: Any
    ) -> httpx2.Response:
        """Open a resumable session for a video."""
        headers = {} if size is None else {"X-Upload-Content-Length": str(size)}
        headers["Slug"] = "holiday.mp4"
        body = body or {"snippet": {"title": "A video"}, "status": {"privacyStatus": "private"}}
        path = f"/upload/youtube/v3/videos?uploadType=resumable&part={part}"
        return self.ask("POST", path, json=body, headers=headers)

    def session(self, size: int | None = None, **body: Any) -> str:
        """Open a session and return its address."""
        answer = self.start(size, **body)
        assert answer.status_code == 200, answer.text
        return answer.headers["location"]

    def put(
        self, session: str, data: bytes, content_range: str | None = None, **headers: str
    ) -> httpx2.Response:
        """Send bytes to a session."""
        if content_range:
            headers["Content-Range"] = f"bytes {content_range}"
        return self.ask("PUT", session, content=data, headers=headers)

    def query(self, session: str, total: int | str = "*") -> httpx2.Response:
        """Ask a session how far it is."""
        return self.put(session, b"", f"*/{total}")

    def upload(self, data: bytes = b"a video", **body: Any) -> dict[str, Any]:
        """Upload a video in one PUT and return the resource."""
        answer = self.put(self.session(len(data), **body), data)
        assert answer.is_success, answer.text
        video: dict[str, Any] = answer.json()
        return video

    def video(self, video_id: str, part: str = "status,processingDetails") -> dict[str, Any]:
        """Read a video back."""
        answer = self.ask("GET", f"/youtube/v3/videos?part={part}&id={video_id}")
        assert answer.is_success, answer.text
        video: dict[str, Any] = answer.json()["items"][0]
        return video


def reason(answer: httpx2.Response) -> str:
    """Return Google's word for what went wrong."""
    word: str = answer.json()["error"]["errors"][0]["reason"]
    return word
