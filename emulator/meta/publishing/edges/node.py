"""`/{video-id}`: a video read back, changed, deleted.

An id is known from the start of an upload; before the finish there is a status and little
else. A field that the node does not have fails the whole call, one that has no value is
left out (facts: Facebook section 3).
"""

from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from emulator.calls import Call
from emulator.meta.graph.errors import graph_error, json_answer
from emulator.meta.graph.params import Params, read
from emulator.meta.graph.selecting import select_fields
from emulator.meta.graph.versions import served_version
from emulator.meta.publishing.edges.thumbnails import Thumbnails, picture_of
from emulator.meta.publishing.intake.sessions import Session, State
from emulator.meta.publishing.library import Intent, Kind, Video
from emulator.meta.publishing.metadata import details_of, title_of
from emulator.meta.publishing.processing import (
    documented,
    finished_status,
    is_published,
    unfinished_status,
)
from emulator.meta.publishing.schedule import LATEST_REEL, LATEST_VIDEO, changed_plan
from emulator.meta.publishing.service import Service

_USUAL = "id,description,updated_time"
_DISCLOSURE, _DISCLOSURE_IS_EDITED_FROM = "is_ai_generated", 27


class Nodes:
    """The videos there are, one at a time."""

    def __init__(self, service: Service, thumbnails: Thumbnails) -> None:
        self._service = service
        self._thumbnails = thumbnails

    async def show(self, call: Call) -> web.StreamResponse:
        """Answer the fields asked for."""
        params = await read(call)
        found = self._service.readable(call, params)
        return json_answer(self.shown(call, found, params, _USUAL))

    async def update(self, call: Call) -> web.StreamResponse:
        """Change what is said about a finished video, and when it becomes public.

        Before v27.0 the disclosure of what was generated stays as it is (facts: November).
        """
        params = await read(call)
        video = self._service.writable(call, params)
        if isinstance(video, Session):
            raise graph_error("100", "(#100) The upload of this video is not finished.")
        now, reel = self._service.clock.now(), video.kind is Kind.REEL
        latest = LATEST_REEL if reel else LATEST_VIDEO
        plan, details = changed_plan(video.plan, params, now, latest), details_of(params)
        if served_version(call.request) < _DISCLOSURE_IS_EDITED_FROM:
            details.pop(_DISCLOSURE, None)
        video.title = title_of(params) or video.title
        video.description = params.values.get("description", video.description)
        video.details |= details
        video.plan, video.updated_at = plan, now
        return json_answer({"success": True})

    async def delete(self, call: Call) -> web.StreamResponse:
        """Remove a video, or give up its upload."""
        found = self._service.writable(call, await read(call))
        if isinstance(found, Session):
            found.state = State.CANCELLED
        else:
            del self._service.library.videos[found.id]
        return json_answer({"success": True})

    def shown(
        self, call: Call, found: Video | Session, params: Params, default: str
    ) -> dict[str, Any]:
        """Return the fields of a video that are asked for, and always its id."""
        known = (
            self._unfinished(found) if isinstance(found, Session) else self._finished(call, found)
        )
        if self._service.switches.documented_spelling:
            known["status"] = documented(known["status"])
        return select_fields(params, "Video", default, known)

    @property
    def _whole(self) -> str:
        """The word for a file that is there whole and of which nothing was made yet."""
        early = self._service.switches.processing_before_finish
        return "processing" if early else "upload_complete"

    def _unfinished(self, session: Session) -> dict[str, Any]:
        return {
            "id": session.video_id,
            "status": unfinished_status(session.intake.stored, session.size, self._whole),
            "published": False,
            "created_time": moment(session.opened_at),
            "updated_time": moment(session.opened_at),
        }

    def _finished(self, call: Call, video: Video) -> dict[str, Any]:
        now, page = self._service.clock.now(), self._service.tokens.directory.pages.get(video.page)
        published = is_published(video, now)
        begun = now >= video.finished_at
        waits = begun and video.plan.intent is Intent.SCHEDULED and not published
        return {
            **video.details,
            "id": video.id,
            "title": video.title or None,
            "description": video.description or None,
            "length": None if video.seconds is None else round(video.seconds, 3),
            "from": {"id": video.page, "name": page.name if page else ""},
            "status": finished_status(video, now)
            if begun
            else unfinished_status(video.bytes, video.bytes, self._whole),
            "published": published,
            "post_id": video.post_id if published else None,
            "permalink_url": video.address,
            "picture": picture_of(call, video),
            "privacy": {"value": "EVERYONE", "description": "Public"} if published else None,
            "created_time": moment(video.created_at),
            "updated_time": moment(video.updated_at),
            "scheduled_publish_time": int(video.plan.moment) if waits else None,
            "thumbnails": lambda inner: self._thumbnails.listed(call, inner, video),
        }


def moment(seconds: float) -> str:
    """Write a moment as the Graph API does: whole seconds, a numeric zone."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")
