"""A stranger's client of one Page: plain HTTP, knowing the Graph API and nothing else.

Its methods are named after what they send; they return the answer as it came.
"""

from dataclasses import dataclass
from typing import Any

import httpx2

from testkit.emulator import Emulator
from testkit.meta import ANA, BAKERY, page_id, page_token

MIB = 1024**2
PNG = b"\x89PNG\r\n\x1a\n and the rest of a picture"


@dataclass
class Publisher:
    """A client with the token of a Page."""

    emulator: Emulator
    page: str
    token: str

    @classmethod
    def of(cls, emulator: Emulator, page: str = BAKERY, email: str = ANA) -> "Publisher":
        """Go through login and return the client of a Page."""
        token = page_token(emulator, email, page)
        return cls(emulator, page_id(emulator, page), token)

    def ask(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """Call the Graph API with the Page's token in the header."""
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return self.emulator.http.request(method, f"/v27.0/{path}", headers=headers, **options)

    def videos(self, phase: str, /, *, parent: str | None = None, **form: Any) -> httpx2.Response:
        """Call a phase of the chunked upload."""
        path = parent or f"{self.page}/videos"
        return self.ask("POST", path, data={"upload_phase": phase, **form})

    def start(self, size: int) -> dict[str, str]:
        """Open a chunked session."""
        answer = self.videos("start", file_size=size)
        assert answer.status_code == 200, answer.text
        started: dict[str, str] = answer.json()
        return started

    def transfer(self, started: dict[str, str], offset: int, chunk: bytes) -> httpx2.Response:
        """Send one chunk."""
        return self.ask(
            "POST",
            f"{self.page}/videos",
            data={
                "upload_phase": "transfer",
                "upload_session_id": started["upload_session_id"],
                "start_offset": str(offset),
            },
            files={"video_file_chunk": ("holiday.mp4", chunk)},
        )

    def transfer_all(self, started: dict[str, str], data: bytes) -> None:
        """Send what the server asks for until it asks for nothing."""
        wanted = started
        while wanted["start_offset"] != wanted["end_offset"]:
            first, end = int(wanted["start_offset"]), int(wanted["end_offset"])
            answer = self.transfer(started, first, data[first:end])
            assert answer.status_code == 200, answer.text
            wanted = answer.json()

    def finish(self, started: dict[str, str], **form: Any) -> httpx2.Response:
        """Finish a chunked session."""
        return self.videos("finish", upload_session_id=started["upload_session_id"], **form)

    def publish(self, data: bytes = b"x" * 2048, **form: Any) -> str:
        """Publish a video in chunks and return its id."""
        started = self.start(len(data))
        self.transfer_all(started, data)
        answer = self.finish(started, **form)
        assert answer.json() == {"success": True}, answer.text
        return started["video_id"]

    def start_reel(self) -> dict[str, str]:
        """Open a Reel."""
        answer = self.ask("POST", f"{self.page}/video_reels", json={"upload_phase": "start"})
        assert answer.status_code == 200, answer.text
        started: dict[str, str] = answer.json()
        return started

    def send(
        self, started: dict[str, str], data: bytes, offset: int = 0, /, **headers: str
    ) -> httpx2.Response:
        """Send what is left of a Reel to the address its start named."""
        usual = {
            "Authorization": f"OAuth {self.token}",
            "offset": str(offset),
            "file_size": str(len(data)),
        }
        return self.emulator.http.post(
            started["upload_url"], content=data[offset:], headers={**usual, **headers}
        )

    def finish_reel(self, started: dict[str, str], **form: str) -> httpx2.Response:
        """Finish a Reel."""
        return self.ask(
            "POST",
            f"{self.page}/video_reels",
            data={
                "upload_phase": "finish",
                "video_id": started["video_id"],
                "video_state": "PUBLISHED",
                **form,
            },
        )

    def publish_reel(self, data: bytes = b"x" * 2048, **form: str) -> str:
        """Publish a Reel and return its id."""
        started = self.start_reel()
        assert self.send(started, data).json() == {"success": True}
        answer = self.finish_reel(started, **form)
        assert answer.json() == {"success": True}, answer.text
        return started["video_id"]

    def video(self, video_id: str, fields: str = "status,published") -> dict[str, Any]:
        """Read a video back."""
        answer = self.ask("GET", video_id, params={"fields": fields})
        assert answer.status_code == 200, answer.text
        video: dict[str, Any] = answer.json()
        return video

    def status(self, video_id: str) -> dict[str, Any]:
        """Return a video's status object."""
        status: dict[str, Any] = self.video(video_id)["status"]
        return status
