"""A Page's own lists of videos, read for one that was published without our knowledge.

Facebook keeps nothing of ours with a video, so a video is recognised by what can be compared:
title, description, length and time. The lists show what the public sees. So they can prove that a
video is there, and that one is not there only where it was to be public; a draft or a scheduled
video is in none of them (facts: Facebook section 3).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.errors import PlatformRefusal, ReauthorizationNeeded, Unconfirmed
from domain.secrets import Secret
from platforms.facebook.graph import Graph
from platforms.facebook.publishing.outcome import address_of
from platforms.facebook.publishing.session import EDGES
from platforms.protocol import Candidate, Credential, Publication, ReadBack

LENGTH_TOLERANCE = 1.5
"""Seconds. Facebook states the length of some videos in whole seconds, and its own encoding adds
up to half a second to fill the last frames of picture and sound."""

MOST_PAGES = 10
"""A thousand videos of each list since then: beyond that a look decides nothing."""

_FIELDS = "id,title,description,length,created_time,permalink_url"
_PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class _Comparison:
    """How a listed video compares with what was to be published."""

    is_same_length: bool | None
    """None: one of the two lengths is not known."""
    texts: tuple[bool | None, ...]
    """Of title and description, as far as they were sent. None: it is not shown."""

    @property
    def is_match(self) -> bool:
        return self.is_same_length is True and bool(self.texts) and all(self.texts)

    @property
    def is_possible(self) -> bool:
        if self.is_same_length is False:
            return False
        return True in self.texts or False not in self.texts


def list_candidates(
    graph: Graph, credential: Credential, publication: Publication, *, since: datetime
) -> ReadBack:
    """Read both lists back to `since`: two calls, one more for each further hundred videos.

    A vertical video that was sent as type video may be listed among the reels, so the type
    decides nothing. Raises `Unconfirmed` where a list may not be read.
    """
    found: dict[str, Candidate] = {}
    is_whole = publication.payload.get("privacy") == "public"
    for edge in EDGES.values():
        reading = _Reading(graph, credential.access_token, publication.account_id, edge, since)
        for video in reading.videos():
            compared = _compare(video, publication)
            if compared.is_possible:
                candidate = _candidate(video, is_match=compared.is_match)
                found[candidate.id] = candidate
        is_whole = is_whole and reading.is_whole
    return ReadBack(candidates=tuple(found.values()), is_whole=is_whole)


def read_list(
    graph: Graph, token: Secret, page_id: str, edge: str, fields: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], Mapping[str, Any]]:
    """One page of a Page's list: its rows, and its paging. Raises `Unconfirmed` where the list may
    not be read."""
    try:
        page = graph.call("GET", f"{page_id}/{edge}", token, fields, budget=page_id)
    except PlatformRefusal as refusal:
        raise _unreadable(refusal.reason) from None
    except ReauthorizationNeeded as error:
        if error.code == "scope_missing":
            raise _unreadable(error.reason) from None
        # A dead token says nothing of the list: only a person can end that.
        raise
    rows = [row for row in page.get("data") or [] if isinstance(row, dict)]
    return rows, page.get("paging") or {}


class _Reading:
    """One list, newest first, as far back as is asked for."""

    def __init__(
        self, graph: Graph, token: Secret, page_id: str, edge: str, since: datetime
    ) -> None:
        self._graph = graph
        self._token = token
        self._page_id = page_id
        self._edge = edge
        self._since = since
        self.is_whole = False
        """True once everything of the time was read."""

    def videos(self) -> Iterator[Mapping[str, Any]]:
        """Those of the time. A video that tells no time may be one."""
        after: str | None = None
        for _ in range(MOST_PAGES):
            fields = {"fields": _FIELDS, "limit": _PER_PAGE, "after": after}
            rows, paging = read_list(self._graph, self._token, self._page_id, self._edge, fields)
            of_the_time = [row for row in rows if not self._is_older(row)]
            yield from of_the_time
            after = (paging.get("cursors") or {}).get("after")
            self.is_whole = "next" not in paging or (bool(rows) and not of_the_time)
            if self.is_whole or after is None:
                return

    def _is_older(self, row: Mapping[str, Any]) -> bool:
        created_at = _created_at(row)
        return created_at is not None and created_at < self._since


def _compare(video: Mapping[str, Any], publication: Publication) -> _Comparison:
    sent = [(name, publication.payload.get(name)) for name in ("title", "description")]
    return _Comparison(
        _is_same_length(video.get("length"), publication.duration_ms),
        tuple(_is_same_text(video.get(name), text) for name, text in sent if text),
    )


def _is_same_length(shown: Any, duration_ms: int | None) -> bool | None:
    if not isinstance(shown, int | float) or duration_ms is None:
        return None
    return abs(shown - duration_ms / 1000) <= LENGTH_TOLERANCE


def _is_same_text(shown: Any, sent: Any) -> bool | None:
    # Facebook may trim a text and join its blanks.
    return str(shown).split() == str(sent).split() if isinstance(shown, str) else None


def _candidate(video: Mapping[str, Any], *, is_match: bool) -> Candidate:
    identity, title, link = str(video["id"]), video.get("title"), video.get("permalink_url")
    return Candidate(
        id=identity,
        title=title if isinstance(title, str) else None,
        created_at=_created_at(video),
        url=address_of(link if isinstance(link, str) else None, identity),
        is_match=is_match,
    )


def _created_at(video: Mapping[str, Any]) -> datetime | None:
    moment = video.get("created_time")
    return datetime.fromisoformat(moment) if isinstance(moment, str) else None


def _unreadable(reason: str | None) -> Unconfirmed:
    return Unconfirmed(
        "outcome_unconfirmed",
        "Facebook does not let the Page's list of videos be read, so it is not known whether the "
        "video is there already. It needs pages_read_engagement and the task MANAGE on the Page.",
        reason=reason,
    )
