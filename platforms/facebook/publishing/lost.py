"""The video of a lost session, asked for by its own id.

Facebook keeps nothing of ours with a video, but it named the video before the first byte. So
the video is asked first, and the Page's list where it is not shown: Meta's pages disagree on
whether that list may be read, and it wants more of the person than publishing does (facts:
Facebook section 3), so where it may not be read, nothing is decided.
"""

from datetime import datetime
from typing import Any

from domain.errors import PlatformRefusal, SessionFound, Unconfirmed
from domain.secrets import Secret
from platforms.facebook.graph import Graph
from platforms.facebook.publishing.listing import list_candidates, read_list
from platforms.facebook.publishing.session import EDGES, Session, VideoSession, unseal
from platforms.facebook.publishing.status import NODE_FIELDS, read_status
from platforms.protocol import Credential, Publication, ReadBack

_LISTED = 100


def find_published(
    graph: Graph, credential: Credential, handle: Secret | None, *, since: datetime
) -> str | None:
    """Look whether the session's own video was finished. One call, two when it is not shown.

    Without a handle there is nothing to look for. A video whose processing failed is not found:
    it will never be seen. Raises `SessionFound` where the video is shown and was not finished: it
    had been denied for a moment only. Raises `Unconfirmed` where neither the video nor the list
    decides. Reads only: a retry looks again.
    """
    if handle is None:
        return None
    session = unseal(handle)
    token, page_id = credential.access_token, session.page_id
    try:
        node = graph.call("GET", session.video_id, token, {"fields": NODE_FIELDS}, budget=page_id)
    except PlatformRefusal as refusal:
        is_listed = _is_listed(graph, token, session, since)
        if is_listed:
            return session.video_id
        if is_listed is None or refusal.code != "not_found":
            raise Unconfirmed(
                "outcome_unconfirmed",
                "Facebook does not tell whether it made a video of the upload; it is read again.",
                reason=refusal.reason,
            ) from None
        return None
    status = read_status(node)
    if status.fault is not None:
        return None
    if status.shows_finish or status.shows_work:
        return session.video_id
    raise SessionFound(
        "session_found", "Facebook shows the upload again that it had denied; it goes on."
    )


def read_back(
    graph: Graph,
    credential: Credential,
    publication: Publication,
    handle: Secret | None,
    *,
    since: datetime,
) -> ReadBack:
    """Look for the session's own video, then among the Page's videos. Reads only.

    A session that made nothing, or goes on, says nothing of another one that was opened later.
    Raises `Unconfirmed` where neither the video nor the lists decide.
    """
    try:
        own = find_published(graph, credential, handle, since=since)
    except SessionFound:
        own = None
    if own is not None:
        return ReadBack(own)
    return list_candidates(graph, credential, publication, since=since)


def _is_listed(graph: Graph, token: Secret, session: Session, since: datetime) -> bool | None:
    """Whether the Page's list has it; None where it may not be read, or not back to `since`."""
    edge = EDGES["video" if isinstance(session, VideoSession) else "reel"]
    fields = {"fields": "id,updated_time", "limit": _LISTED}
    try:
        rows, paging = read_list(graph, token, session.page_id, edge, fields)
    except Unconfirmed:
        return None
    if any(str(row.get("id")) == session.video_id for row in rows):
        return True
    return False if "next" not in paging or any(_is_older(row, since) for row in rows) else None


def _is_older(row: dict[str, Any], since: datetime) -> bool:
    # A video is never younger than its last change.
    updated_at = row.get("updated_time")
    return isinstance(updated_at, str) and datetime.fromisoformat(updated_at) < since
