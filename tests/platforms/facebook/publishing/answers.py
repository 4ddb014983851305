"""What Facebook answers to a machine, and machines to be answered, without a network."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from domain.secrets import Secret
from platforms.facebook.graph import Graph
from platforms.facebook.publishing.session import ReelSession, VideoSession, seal
from platforms.facebook.publishing.upload import resume_upload
from platforms.facebook.usage import Usage
from platforms.http import Http
from platforms.protocol import Publication
from platforms.transfer.machine import Answer, Request, Upload
from tests.platforms.facebook.conftest import app_at

RANGE = 1000
CHUNK = 700
SIZE = 2 * RANGE + 300
VIDEO = seal(VideoSession("7", "42", "99", 0, RANGE))
REEL = seal(ReelSession("7", "42", "https://rupload.example/video-upload/v27.0/42"))
HANDLES = {"video": VIDEO, "reel": REEL}
TYPES = list(HANDLES)
APP = app_at("https://graph.example")
HTTP = Http("Meta")
"""Never used: a machine makes no call."""
PUBLICATION = Publication(
    account_id="7",
    marker="01a21238-d23d-7988-97a6-b5c4d3e2f100.mp4",
    type="video",
    payload={"title": "Sourdough", "privacy": "public"},
    size=SIZE,
    content_type="video/mp4",
    file_name="sourdough.mp4",
)
SUCCESS = Answer(200, {}, b'{"success": true}')
HTML = Answer(502, {}, b"<html>Bad Gateway</html>")


def upload(
    type: str = "video",
    *,
    fresh: bool = False,
    finish_sent: bool = False,
    finish_sent_at: datetime | None = None,
    tokens: list[str] | None = None,
    size: int = SIZE,
    payload: Mapping[str, str] | None = None,
) -> Upload:
    supply = iter(tokens or [])
    publication = replace(
        PUBLICATION, type=type, size=size, payload={**PUBLICATION.payload, **(payload or {})}
    )
    return resume_upload(
        Graph(APP, HTTP, Usage()),
        HANDLES[type],
        publication,
        lambda: Secret(next(supply, "token")),
        chunk_size=CHUNK,
        fresh=fresh,
        finish_sent_at=datetime.now(UTC) if finish_sent else finish_sent_at,
    )


def says(document: object, status: int = 200) -> Answer:
    return Answer(status, {}, json.dumps(document).encode())


def asked(start: int, end: int) -> Answer:
    return says({"start_offset": str(start), "end_offset": str(end)})


def failed(reason: str, **error: Any) -> Answer:
    code, _, subcode = reason.partition("/")
    error = {"message": "m", "type": "OAuthException", "code": int(code), **error}
    if subcode:
        error["error_subcode"] = int(subcode)
    return says({"error": error}, 400)


def node(stored: int = SIZE, **phases: Any) -> Answer:
    """A video whose bytes are there so far and of whose finish nothing shows."""
    whole = stored == SIZE
    uploading = {"status": "complete" if whole else "in_progress", "bytes_transferred": stored}
    status = {
        "video_status": "upload_complete" if whole else "uploading",
        "uploading_phase": uploading,
        "processing_phase": {"status": "not_started"},
        "publishing_phase": {"status": "not_started"},
    }
    top = {name: phases.pop(name) for name in ("published",) if name in phases}
    return says({"id": "42", "status": {**status, **phases}, **top})


FINISHED_NODE = node(video_status="processing", processing_phase={"status": "in_progress"})


def looks(request: Request) -> bool:
    url = urlsplit(request.url.reveal())
    return (request.method, url.path, request.length) == ("GET", "/v27.0/42", 0)


def form(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(request.head.decode()).items()}


def at_finish(type: str = "video") -> Upload:
    """A machine whose next request is its first finish."""
    machine = upload(type, fresh=True)
    machine.next_request()
    machine.receive(asked(SIZE, SIZE) if type == "video" else SUCCESS)
    return machine


def after_finish(type: str, answer: Answer | None) -> Upload:
    """A machine whose finish was answered so, or not at all."""
    machine = at_finish(type)
    assert machine.next_request().finishes
    if answer is None:
        machine.lost()
    else:
        assert machine.receive(answer) is None
    return machine
