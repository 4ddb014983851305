"""An upload to a Page, as a machine without I/O: query, pieces, finish, read-back.

Both routes are this one machine, because what matters is the same in both: the platform's
word sets the offset, and the finish is the one call that may be seen by people. A finish
that was not plainly acknowledged, whatever came instead, is never taken at its word: the
video is asked by its id, and any sign of life is the success. Only looks that find nothing,
for seconds on end, prove that a finish did nothing and may be sent (again).
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from urllib.parse import urlencode

from domain.errors import (
    PlatformError,
    PlatformRefusal,
    PlatformUnavailable,
    SessionLost,
    Unconfirmed,
)
from domain.secrets import Secret
from domain.states import KnownBy
from platforms.facebook.errors import unreadable
from platforms.facebook.graph import Graph
from platforms.facebook.publishing.routes import ChunkedRoute, ReelRoute, Route
from platforms.facebook.publishing.session import Session, VideoSession, unseal
from platforms.facebook.publishing.status import NODE_FIELDS, read_status
from platforms.protocol import Publication
from platforms.transfer.machine import Answer, Finished, Request

PAUSES = (2.0, 4.0, 8.0, 16.0)
"""Seconds between the reads that must all find nothing before a finish counts as never made.

Half a minute in all: a finish whose answer was lost may still be under way at Meta.
"""

_LOOKS = len(PAUSES) + 1
BEGINS_WITHIN = timedelta(minutes=15)
"""Meta may say `processing` for a while of a finished video before any phase has begun, and says
it of one that nobody has finished, too (facts: Facebook section 3)."""


class Step(Enum):
    LOOK = auto()
    SEND = auto()
    FINISH = auto()


def resume_upload(
    graph: Graph,
    handle: Secret,
    publication: Publication,
    access_token: Callable[[], Secret],
    *,
    chunk_size: int,
    fresh: bool,
    finish_sent_at: datetime | None = None,
) -> "PageUpload":
    """The machine of a session; `fresh` and `finish_sent_at` as `Platform.upload` has them."""
    session = unseal(handle)
    route: Route = (
        ChunkedRoute(graph, session, publication, chunk_size)
        if isinstance(session, VideoSession)
        else ReelRoute(graph, session, publication)
    )
    return PageUpload(
        graph,
        session,
        route,
        publication.size,
        access_token,
        fresh=fresh,
        finish_sent_at=finish_sent_at,
    )


class PageUpload:
    """One upload session. Satisfies `platforms.transfer.machine.Upload`.

    Where whoever had it before has sent a finish, the first of this machine has to be
    preceded by looks, as every repeated one.
    """

    def __init__(
        self,
        graph: Graph,
        session: Session,
        route: Route,
        size: int,
        access_token: Callable[[], Secret],
        *,
        fresh: bool,
        finish_sent_at: datetime | None,
    ) -> None:
        if size <= 0:
            raise ValueError("an empty file cannot be uploaded")
        self.confirmed = 0
        self._graph = graph
        self._session = session
        self._route = route
        self._size = size
        self._access_token = access_token
        self._next = Step.SEND if fresh else Step.LOOK
        self._sent: Step | None = None
        self._finish = _Finish(finish_sent_at)
        self._refused: PlatformRefusal | None = None

    def next_request(self) -> Request:
        """Raises `QuotaExhausted` where the Page's calls are nearly used up.

        The look right after a finish is made all the same: Meta has been seen to complain
        of too many calls about a video that was live by then (facts: Facebook section 4).
        So is what a look was made for: a trial that only ever looked would get nowhere.
        Raises `PlatformRefusal` where bytes were refused and a look has found nothing else.
        """
        if self._refused is not None and self._next is not Step.LOOK:
            raise self._refused
        if self._sent in (None, Step.SEND):
            self._graph.usage.check(self._session.page_id)
        token, step = self._access_token(), self._next
        self._sent, self._next = step, Step.LOOK
        match step:
            case Step.LOOK:
                return self._look(token)
            case Step.SEND:
                return self._route.piece(self.confirmed, token)
            case Step.FINISH:
                return self._route.finish(token)

    def receive(self, answer: Answer) -> Finished | None:
        match self._sent:
            case Step.SEND:
                self._took(answer)
                return None
            case Step.FINISH:
                return self._finished(answer)
            case _:
                return self._looked(answer)

    def lost(self) -> None:
        if self._sent is Step.FINISH:
            self._finish.was_answered(None)
        self._next = Step.LOOK

    def _look(self, token: Secret) -> Request:
        query = urlencode(self._graph.form(token, {"fields": NODE_FIELDS}))
        url = Secret(f"{self._graph.url(self._session.video_id)}?{query}")
        return Request("GET", url, self._graph.headers(token))

    def _looked(self, answer: Answer) -> Finished | None:
        try:
            status = read_status(self._graph.take(answer, self._session.page_id))
        except PlatformRefusal as refusal:
            if refusal.code != "not_found":
                # The look was refused, which says nothing about the video.
                raise self._finish.unclear(refusal) from None
            raise _gone(refusal.reason) from None
        if status.shows_finish:
            return Finished(self._session.video_id, KnownBy.READ_BACK)
        if status.is_expired:
            raise _gone(status.word)
        if status.fault is not None:
            raise PlatformRefusal(status.fault.code, status.fault.sentence)
        if self._finish.was_sent and status.shows_work:
            return Finished(self._session.video_id, KnownBy.READ_BACK)
        held = self._size if status.is_uploaded else min(status.stored or 0, self._size)
        if self._refused is not None:
            self._go_on_from(held)
            return None
        if self._finish.was_sent and not status.is_uploaded and status.stored is None:
            # To start again from nothing it takes a plain word that there is nothing.
            raise self._finish.unclear(None)
        self._go_on_from(held)
        if self._next is Step.FINISH:
            self._next = Step.LOOK
            if status.word == "processing":
                self._finish.leave_time()
            self._finish.require()
            self._next = Step.FINISH
        return None

    def _took(self, answer: Answer) -> None:
        try:
            self._go_on_from(self._route.held(answer))
        except PlatformRefusal as refusal:
            # The upload host has no code for a dead token; the Graph API tells it at the look.
            self._refused = refusal

    def _finished(self, answer: Answer) -> Finished | None:
        try:
            document = self._graph.take(answer, self._session.page_id)
            if document.get("success") is not True:
                raise unreadable()
        except PlatformError as error:
            self._finish.was_answered(error)
            return None
        return Finished(self._session.video_id, KnownBy.ANSWER)

    def _go_on_from(self, held: int) -> None:
        self.confirmed = held
        self._next = Step.SEND if held < self._size else Step.FINISH
        if held < self._size:
            # A finish needs every byte, so none can have been accepted.
            self._finish = _Finish(None)


class _Finish:
    """Whether the finish may be sent, as the bytes alone do not tell it.

    `sent_at` is when one was sent, None for never.
    """

    def __init__(self, sent_at: datetime | None) -> None:
        self._sent_at = sent_at
        self._looks = 0 if sent_at is None else _LOOKS
        self._is_repeated = False
        self._error: PlatformError | None = None

    @property
    def was_sent(self) -> bool:
        """True from a finish on until looks have found nothing of it."""
        return self._looks > 0

    def was_answered(self, error: PlatformError | None) -> None:
        """A finish was sent and not acknowledged; `error` is what it was answered with."""
        self._is_repeated = self._sent_at is not None
        self._sent_at = datetime.now(UTC)
        self._looks, self._error = _LOOKS, error

    def unclear(self, error: PlatformRefusal | None) -> PlatformUnavailable:
        """A look told nothing: the error to raise."""
        if self.was_sent or error is None:
            return _not_yet(None, PAUSES[-1])
        return PlatformUnavailable(
            error.code, error.sentence, reason=error.reason, retry_after=PAUSES[-1]
        )

    def leave_time(self) -> None:
        """Raise while a finish is so recent that its work may not have begun to show."""
        if self.was_sent and self._sent_at and datetime.now(UTC) - self._sent_at < BEGINS_WITHIN:
            raise _not_yet(self._error, PAUSES[-1])

    def require(self) -> None:
        """Count a look that found nothing, and raise unless the finish may be sent now.

        A budget, a connection or an app that needs mending is told at once, because the
        video will be looked at again before anything is sent. A refusal ends the whole
        assignment, so it is believed only after as many looks as a repetition needs, and of
        a repeated finish not at all: it may be the first one's success that speaks.
        """
        if not self._looks:
            return
        self._looks -= 1
        error = self._error
        waits = isinstance(error, PlatformUnavailable | PlatformRefusal)
        if error is not None and not waits:
            self._look_again()
            raise error
        if self._looks:
            raise _not_yet(error, PAUSES[-self._looks])
        if isinstance(error, PlatformRefusal):
            self._look_again()
            raise _not_yet(None, PAUSES[-1]) if self._is_repeated else error

    def _look_again(self) -> None:
        self._looks, self._error = _LOOKS, None


def _not_yet(error: PlatformError | None, seconds: float) -> PlatformUnavailable:
    """To be looked at again; says what the finish was answered with, where that may pass."""
    if isinstance(error, PlatformUnavailable):
        return PlatformUnavailable(
            error.code,
            error.sentence,
            reason=error.reason,
            retry_after=seconds,
            tries=error.tries,
        )
    return Unconfirmed(
        "outcome_unconfirmed",
        "Facebook has every byte; whether it has the video, too, is being read.",
        retry_after=seconds,
    )


def _gone(reason: str | None) -> SessionLost:
    return SessionLost("session_lost", "Facebook does not know the upload any more.", reason=reason)
