"""The end of an upload: from a session to a video, once, and how that is answered.

A finish that is repeated for a finished video is answered as the first one was and
changes nothing but the count of finishes: what Meta does then is not established.
"""

from typing import Protocol

from aiohttp import web

from emulator.calls import Call
from emulator.meta.graph.calls import ordered_error
from emulator.meta.graph.errors import graph_error, json_answer
from emulator.meta.graph.params import Params
from emulator.meta.publishing.intake.form import Form, Picture
from emulator.meta.publishing.intake.sessions import Session
from emulator.meta.publishing.library import Fate, Kind, Plan, Video, new_id
from emulator.meta.publishing.metadata import details_of, title_of
from emulator.meta.publishing.service import Service

FATES = frozenset(fate for fate in Fate if fate is not Fate.READY)

_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"BM")


def finish(service: Service, session: Session, params: Params, plan: Plan, form: Form) -> Video:
    """Turn a whole session into a video, or raise why not and leave it as it is."""
    if not session.is_whole:
        raise graph_error("6000")
    video = new_video(service, session.page, session.kind, params, plan, session.intake)
    video.id, video.session_id = session.video_id, session.session_id
    video.received, video.created_at = session.received, session.opened_at
    if "thumb" in form.pictures:
        video.thumbnail_sha256 = picture_hash(form.pictures["thumb"])
    service.sessions.close(session)
    service.library.videos[video.id] = video
    return video


class Whole(Protocol):
    """A complete file."""

    @property
    def stored(self) -> int: ...
    @property
    def sha256(self) -> str: ...
    @property
    def seconds(self) -> float | None: ...


def new_video(
    service: Service, page: str, kind: Kind, params: Params, plan: Plan, file: Whole
) -> Video:
    """Make a video of bytes that are all there, without keeping it yet."""
    now = service.clock.now()
    return Video(
        id=new_id(),
        page=page,
        kind=kind,
        bytes=file.stored,
        sha256=file.sha256,
        created_at=now,
        finished_at=now,
        updated_at=now,
        processing_seconds=service.switches.page_processing_seconds,
        seconds=file.seconds,
        plan=plan,
        post_id=new_id(),
        title=title_of(params) or "",
        description=params.text("description") or "",
        details=details_of(params),
    )


def repeated(video: Video) -> web.Response:
    """Answer a finish that comes after the finish."""
    video.finishes += 1
    return json_answer({"success": True})


def concluded(call: Call, video: Video) -> web.Response:
    """Answer a finish that was carried out, as its fault wants it answered."""
    if call.fault and call.fault.kind in FATES:
        video.fate, video.reason = Fate(call.fault.kind), call.option("reason")
    if call.suffers("late_finish"):
        video.finished_at += call.option("delay_seconds", 1.0)
        return call.cut()
    if call.suffers("lose_answer_live"):
        video.processing_seconds = 0.0
        return call.cut()
    if call.suffers("graph_error_after"):
        raise ordered_error(call)
    if call.suffers("status_after"):
        return call.scripted()
    return json_answer({"success": True})


def picture_hash(picture: Picture) -> str:
    """Return the hash of a picture; refuse what is none."""
    if not picture.head.startswith(_PICTURES):
        raise graph_error("100", "(#100) The image is not in a format that is supported.")
    return picture.intake.sha256
