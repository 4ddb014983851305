"""The handle of an upload: opening one, keeping it, giving it up.

Facebook names the video before its first byte, so the handle holds the video's id and is
stored with it. That id is what makes an upload safe: whatever answer is lost, the video is
asked by its own name, and there is never a second one to look for. Opening a session shows
nothing to anybody; one that is left alone is forgotten by Facebook itself.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from domain.errors import CastlineError, PlatformRefusal, ReauthorizationNeeded
from domain.secrets import Secret
from platforms.facebook.errors import number, require_id, unreadable
from platforms.facebook.graph import Graph
from platforms.facebook.login import PUBLISH
from platforms.protocol import Credential, Publication

EDGES = {"video": "videos", "reel": "video_reels"}
"""The edge of a Page that each type of publication goes through."""


@dataclass(frozen=True, slots=True)
class VideoSession:
    """A chunked upload. `start` and `end` are the range of bytes that was asked for first."""

    page_id: str
    video_id: str
    upload_session_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ReelSession:
    """An upload of a reel, whose bytes go to an address of their own."""

    page_id: str
    video_id: str
    upload_url: str


Session = VideoSession | ReelSession
_TYPES: Mapping[str, type[VideoSession] | type[ReelSession]] = {
    "video": VideoSession,
    "reel": ReelSession,
}


def seal(session: Session) -> Secret:
    """The handle as the vault keeps it."""
    type = "video" if isinstance(session, VideoSession) else "reel"
    return Secret(json.dumps({"type": type, **asdict(session)}))


def unseal(handle: Secret) -> Session:
    fields = json.loads(handle.reveal())
    return _TYPES[fields.pop("type")](**fields)


def open_session(graph: Graph, credential: Credential, publication: Publication) -> Secret:
    """Ask for a session. One call. A retry opens another; the first runs out by itself.

    Meta has one code for a payload it dislikes and for a token that may not publish, so
    the token's scopes decide: `ReauthorizationNeeded` (code `scope_missing`) then.
    """
    page_id = publication.account_id
    fields: dict[str, Any] = {"upload_phase": "start"}
    if publication.type == "video":
        fields["file_size"] = publication.size
    try:
        answer = graph.call(
            "POST",
            f"{page_id}/{EDGES[publication.type]}",
            credential.access_token,
            fields,
            budget=page_id,
        )
    except PlatformRefusal as refusal:
        if refusal.code == "invalid_parameter" and PUBLISH not in credential.scopes:
            raise ReauthorizationNeeded(
                "scope_missing",
                f"The connection was not granted {PUBLISH}: connect again and leave it ticked.",
                reason=refusal.reason,
            ) from None
        raise
    return seal(_OPENED[publication.type](page_id, answer))


def discard_session(graph: Graph, handle: Secret, credential: Credential) -> None:
    """Cancel a chunked upload. One call, none for a reel. Never fails, deletes no video."""
    session = unseal(handle)
    if isinstance(session, ReelSession):
        return
    fields = {"upload_phase": "cancel", "upload_session_id": session.upload_session_id}
    path = f"{session.page_id}/{EDGES['video']}"
    try:
        graph.call("POST", path, credential.access_token, fields, budget=session.page_id)
    except CastlineError:
        return


def _opened_video(page_id: str, answer: Mapping[str, Any]) -> Session:
    start, end = number(answer.get("start_offset")), number(answer.get("end_offset"))
    if start is None or end is None:
        raise unreadable()
    return VideoSession(
        page_id,
        require_id(answer.get("video_id")),
        _said(answer, "upload_session_id"),
        start,
        end,
    )


def _opened_reel(page_id: str, answer: Mapping[str, Any]) -> Session:
    return ReelSession(page_id, require_id(answer.get("video_id")), _said(answer, "upload_url"))


_OPENED: Mapping[str, Callable[[str, Mapping[str, Any]], Session]] = {
    "video": _opened_video,
    "reel": _opened_reel,
}


def _said(answer: Mapping[str, Any], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise unreadable()
    return value
