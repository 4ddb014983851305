"""`/{video-id}/thumbnails`: the thumbnails of a video, read and added.

A processed video has one generated thumbnail. An uploaded one becomes the preferred thumbnail if
the call says so or if it is the first. Only the hash of an image is kept, so every `uri` leads
to the same drawing.
"""

from typing import Any

from aiohttp import web

from emulator.calls import Call
from emulator.meta.graph.errors import graph_error, json_answer, missing_parameter
from emulator.meta.graph.paging import paged
from emulator.meta.graph.params import Params, read
from emulator.meta.graph.selecting import select_fields
from emulator.meta.publishing.edges.finishing import picture_hash
from emulator.meta.publishing.intake.form import Form, Picture
from emulator.meta.publishing.intake.sessions import Session
from emulator.meta.publishing.library import Video
from emulator.meta.publishing.processing import is_processed
from emulator.meta.publishing.service import Service

_USUAL = "height,id,is_preferred,name,scale,uri,width"


class Thumbnails:
    """Reads and adds thumbnails."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def show(self, call: Call) -> web.StreamResponse:
        """Return the thumbnails of a video."""
        params = await read(call)
        found = self._service.readable(call, params)
        if isinstance(found, Session):
            return json_answer({"data": [], **params.summary(0)})
        return json_answer(self.listed(call, params, found))

    def listed(self, call: Call, params: Params, video: Video) -> dict[str, Any]:
        """Return the thumbnails of a finished video; one of them is preferred."""
        sent = video.thumbnail_sha256
        numbers = [1] if is_processed(video, self._service.clock.now()) else []
        pictures = [(f"{video.id}{number}", sent is None) for number in numbers]
        if sent is not None:
            pictures.append((f"{video.id}2", True))
        rows = [
            select_fields(
                params,
                "VideoThumbnail",
                _USUAL,
                {
                    "id": picture,
                    "height": 360,
                    "width": 640,
                    "scale": 1,
                    "name": "",
                    "is_preferred": preferred,
                    "uri": picture_of(call, video),
                },
            )
            for picture, preferred in pictures
        ]
        return paged(call, params, f"{video.id}/thumbnails", rows)

    async def add(self, call: Call) -> web.StreamResponse:
        """Add a thumbnail; it becomes the preferred one if it is the first or the call says so."""
        form, picture = await Form.of(call.request), Picture()
        async for piece in form.pieces():
            picture.write(piece)
        video = self._service.writable(call, form.params)
        if form.file is None:
            raise missing_parameter("source")
        if isinstance(video, Session):
            raise graph_error("100", "(#100) The upload of this video is not finished.")
        sha256 = picture_hash(picture)
        if form.params.flag("is_preferred") or video.thumbnail_sha256 is None:
            video.thumbnail_sha256 = sha256
        return json_answer({"success": True})


def picture_of(call: Call, video: Video) -> str:
    """Return the URL of a video's picture."""
    return f"{call.origin}/{video.id}/picture"
