"""YouTube's resumable upload, as a machine without I/O.

It holds what the platform has confirmed and nothing else: every answer sets the offset,
every error, 401 or silence is followed by a status query, and bytes are sent only from
the offset that the platform named. A finished session repeats its final answer to any
query (facts: YouTube section 3.1), so a lost final answer is read back and never resent, and
a refusal of the last chunk is believed when the session agrees.
A server that never advances is the engine's to notice.
"""

import json
from collections.abc import Callable
from typing import Any

from domain.errors import PlatformError, PlatformRefusal, SessionLost, Unconfirmed
from domain.secrets import Secret
from domain.states import KnownBy
from platforms.http import retry_after
from platforms.outcomes.youtube import GONE
from platforms.transfer.machine import Answer, Finished, Request
from platforms.youtube.errors import classify, require_id, unreadable

GRANULE = 256 * 1024
"""Chunks are multiples of it; of a remainder the platform would keep only whole granules."""


def require_chunk_size(chunk_size: int) -> None:
    """Raise `ValueError` for a number of bytes that YouTube does not take as a chunk."""
    if chunk_size <= 0 or chunk_size % GRANULE:
        raise ValueError(f"a chunk is a multiple of {GRANULE} bytes")


class ResumableUpload:
    """One resumable session. Satisfies `platforms.transfer.machine.Upload`.

    `fresh` says that the session was opened just now and no byte can have been sent: the
    first query is skipped. The session's address is the one that was stored; a `Location`
    on a later answer is ignored, because a second address would not survive a crash.
    """

    def __init__(
        self,
        session: Secret,
        *,
        size: int,
        chunk_size: int,
        access_token: Callable[[], Secret],
        fresh: bool = False,
    ) -> None:
        require_chunk_size(chunk_size)
        if size <= 0:
            raise ValueError("an empty file cannot be uploaded")
        self.confirmed = 0
        self._session = session
        self._size = size
        self._chunk_size = chunk_size
        self._access_token = access_token
        self._knows_offset = fresh
        self._asks = False
        self._finishes = False
        self._refused: PlatformRefusal | None = None

    def next_request(self) -> Request:
        """Raises `PlatformRefusal` where a last chunk was refused and the session agrees."""
        if self._refused is not None and self._knows_offset:
            raise self._refused
        authorization = {"Authorization": f"Bearer {self._access_token().reveal()}"}
        self._asks, self._finishes = not self._knows_offset, False
        if self._asks:
            return self._request(authorization, f"bytes */{self._size}")
        length = min(self._chunk_size, self._size - self.confirmed)
        end = self.confirmed + length
        self._finishes = end == self._size
        return self._request(
            authorization,
            f"bytes {self.confirmed}-{end - 1}/{self._size}",
            offset=self.confirmed,
            length=length,
            finishes=self._finishes,
        )

    def receive(self, answer: Answer) -> Finished | None:
        self._knows_offset = False
        if _is_unfinished(answer):
            self._advance(answer)
            return None
        if answer.status in (200, 201):
            known_by = KnownBy.READ_BACK if self._asks else KnownBy.ANSWER
            return _finished(answer, known_by)
        error = _error(answer)
        if not (self._finishes and isinstance(error, PlatformRefusal)):
            raise error
        # It may be the word of something on the way, about a video that is there.
        self._refused = error
        return None

    def lost(self) -> None:
        self._knows_offset = False

    def _advance(self, answer: Answer) -> None:
        self.confirmed = self._offset_of(answer)
        if self.confirmed == self._size:
            # Nothing is left to send: the platform is about to finish, so ask again later.
            raise Unconfirmed(
                "outcome_unconfirmed",
                "YouTube has every byte and has not confirmed the video yet.",
                retry_after=retry_after(answer),
            )
        self._knows_offset = True

    def _offset_of(self, answer: Answer) -> int:
        held = answer.headers.get("range")
        if held is None:
            return 0
        first, dash, last = held.removeprefix("bytes=").partition("-")
        if first != "0" or not dash or not last.isdecimal() or int(last) >= self._size:
            raise unreadable()
        return int(last) + 1

    def _request(self, authorization: dict[str, str], content_range: str, **body: Any) -> Request:
        headers = {**authorization, "Content-Range": content_range}
        return Request("PUT", self._session, headers, **body)


def _is_unfinished(answer: Answer) -> bool:
    # The override stands in where something on the way would take a 308 for a redirect.
    return answer.status == 308 or answer.headers.get("x-http-status-code-override") == "308"


def _finished(answer: Answer, known_by: KnownBy) -> Finished:
    try:
        return Finished(require_id(json.loads(answer.body)["id"]), known_by)
    except (ValueError, TypeError, KeyError):
        raise unreadable() from None


def _error(answer: Answer) -> PlatformError:
    if answer.status in GONE:
        return SessionLost("session_lost", "YouTube does not know the upload session any more.")
    return classify(answer) if answer.status >= 400 else unreadable()
