"""The two ways of bytes to a Page: a chunked video, and a reel in one piece.

A route knows how a piece is sent, what its answer says of the bytes held, and how the
finish is worded; it holds no state of the upload but the range that Facebook asked for.
Videos go in the ranges that Facebook dictates (facts: Facebook section 2a); a reel's rest
goes in one request to the address that came with the session (section 2c).
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import urlencode

from domain.secrets import Secret
from platforms.facebook.errors import find_error, number, read_document, unreadable
from platforms.facebook.graph import Graph, Multipart
from platforms.facebook.publishing.intent import Intent, said_of
from platforms.facebook.publishing.session import EDGES, ReelSession, VideoSession
from platforms.protocol import Publication
from platforms.transfer.machine import Answer, Request

_OFFSET_CORRECTED = 1363037


class Route(Protocol):
    """How one type of publication travels."""

    def piece(self, offset: int, token: Secret) -> Request:
        """The request that sends bytes from `offset` on."""

    def held(self, answer: Answer) -> int:
        """How many bytes Facebook holds by its answer to a piece. Raises its error."""

    def finish(self, token: Secret) -> Request:
        """The request that makes a video of them; it carries no bytes."""


class ChunkedRoute:
    """POST /{page}/videos, piece by piece. `chunk_size` in bytes, where no range is known."""

    def __init__(
        self, graph: Graph, session: VideoSession, publication: Publication, chunk_size: int
    ) -> None:
        self._graph = graph
        self._session = session
        self._publication = publication
        self._chunk_size = chunk_size
        self._start, self._end = session.start, session.end

    def piece(self, offset: int, token: Secret) -> Request:
        end = min(self._end_from(offset), self._publication.size)
        form = Multipart(
            self._graph.form(
                token,
                {
                    "upload_phase": "transfer",
                    "upload_session_id": self._session.upload_session_id,
                    "start_offset": str(offset),
                },
            ),
            part="video_file_chunk",
            file_name="video",
        )
        return Request(
            "POST",
            Secret(self._graph.url(f"{self._session.page_id}/{EDGES['video']}")),
            {**self._graph.headers(token), "content-type": form.form_type},
            offset=offset,
            length=end - offset,
            head=form.head,
            tail=form.tail,
        )

    def held(self, answer: Answer) -> int:
        """The offsets of the answer, or of the correction that stands in for it."""
        told = find_error(read_document(answer))
        if told is None or told.subcode != _OFFSET_CORRECTED:
            return self._ask_from(self._graph.take(answer, self._session.page_id))
        self._graph.usage.note(self._session.page_id, answer)
        return self._ask_from(told.data)

    def finish(self, token: Secret) -> Request:
        intent, said = said_of(self._publication.payload, datetime.now(UTC))
        return _finish(
            self._graph,
            f"{self._session.page_id}/{EDGES['video']}",
            token,
            {
                "upload_session_id": self._session.upload_session_id,
                "content_tags": self._publication.payload.get("contentTags"),
                **_visibility(intent),
                **said,
            },
        )

    def _end_from(self, offset: int) -> int:
        asked = self._end - self._start
        if offset == self._start and asked > 0:
            return self._end
        # Nothing was asked for from here: as much as the last time fits, or is corrected.
        return offset + (min(asked, self._chunk_size) if asked > 0 else self._chunk_size)

    def _ask_from(self, offsets: Mapping[str, Any]) -> int:
        start, end = number(offsets.get("start_offset")), number(offsets.get("end_offset"))
        size = self._publication.size
        if start is None or end is None or start > size or (start >= end and start < size):
            raise unreadable()
        self._start, self._end = start, end
        return start


class ReelRoute:
    """POST to the session's own address, all of the rest at once; then /{page}/video_reels."""

    def __init__(self, graph: Graph, session: ReelSession, publication: Publication) -> None:
        self._graph = graph
        self._session = session
        self._publication = publication

    def piece(self, offset: int, token: Secret) -> Request:
        headers = {
            "authorization": f"OAuth {token.reveal()}",
            "offset": str(offset),
            "file_size": str(self._publication.size),
            "content-type": "application/octet-stream",
        }
        length = self._publication.size - offset
        url = Secret(self._session.upload_url)
        return Request("POST", url, headers, offset=offset, length=length)

    def held(self, answer: Answer) -> int:
        """All of it: this host's success means that every byte is there."""
        self._graph.take(answer, self._session.page_id)
        return self._publication.size

    def finish(self, token: Secret) -> Request:
        intent, said = said_of(self._publication.payload, datetime.now(UTC))
        return _finish(
            self._graph,
            f"{self._session.page_id}/{EDGES['reel']}",
            token,
            {
                "video_id": self._session.video_id,
                "video_state": intent.upper(),
                **said,
            },
        )


def _visibility(intent: Intent) -> dict[str, Any]:
    if intent is Intent.PUBLISHED:
        return {"published": True}
    return {"published": False, "unpublished_content_type": intent.upper()}


def _finish(graph: Graph, path: str, token: Secret, fields: Mapping[str, Any]) -> Request:
    form = urlencode(graph.form(token, {"upload_phase": "finish", **fields}))
    headers = {**graph.headers(token), "content-type": "application/x-www-form-urlencoded"}
    return Request("POST", Secret(graph.url(path)), headers, head=form.encode(), finishes=True)
