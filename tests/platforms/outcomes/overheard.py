"""The real adapters, which tell when a call is over, and whose pauses take no time.

A call is over when it was answered or lost, before anything is made of that. The names are those
of the tables. What is waited for elsewhere takes a hundredth of its time here.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from domain.errors import PlatformUnavailable
from domain.secrets import Secret
from domain.states import StepName
from platforms.facebook import Facebook
from platforms.protocol import Credential, Publication
from platforms.transfer.machine import Answer, Finished, Request, Upload
from platforms.youtube import YouTube

_HASTE = 0.01

Over = Callable[[str], None]


class Hasty:
    """A machine whose pauses are short, and which tells when a request is over."""

    def __init__(self, machine: Upload, over: Callable[[Request], None]) -> None:
        self._machine = machine
        self._over = over
        self._out: Request | None = None

    @property
    def confirmed(self) -> int:
        return self._machine.confirmed

    @confirmed.setter
    def confirmed(self, count: int) -> None:
        self._machine.confirmed = count

    def next_request(self) -> Request:
        self._out = self._machine.next_request()
        return self._out

    def receive(self, answer: Answer) -> Finished | None:
        self._end()
        try:
            return self._machine.receive(answer)
        except PlatformUnavailable as error:
            error.retry_after = _HASTE * (error.retry_after or 1.0)
            raise

    def lost(self) -> None:
        was_out = self._end()
        self._machine.lost()
        if was_out:
            # As the engine says it, but for the pause.
            raise PlatformUnavailable("platform_unreachable", "No answer.", retry_after=_HASTE)

    def _end(self) -> bool:
        request, self._out = self._out, None
        if request is not None:
            self._over(request)
        return request is not None


class OverheardYouTube(YouTube):
    over: Over

    def open_session(self, credential: Credential, publication: Publication) -> Secret:
        try:
            return super().open_session(credential, publication)
        finally:
            self.over("session")

    def upload(  # type: ignore[override]
        self,
        session: Secret,
        publication: Publication,
        access_token: Callable[[], Secret],
        *,
        fresh: bool = False,
        finish_sent_at: datetime | None = None,
    ) -> Upload:
        def over(request: Request) -> None:
            if request.length:
                self.over("last_chunk" if request.finishes else "chunk")

        machine = super().upload(
            session, publication, access_token, fresh=fresh, finish_sent_at=finish_sent_at
        )
        return Hasty(machine, over)

    def run_step(self, step: StepName, *about: Any, **more: Any) -> None:
        try:
            super().run_step(step, *about, **more)
        finally:
            self.over(step)


class OverheardFacebook(Facebook):
    over: Over

    def open_session(self, credential: Credential, publication: Publication) -> Secret:
        try:
            return super().open_session(credential, publication)
        finally:
            self.over("session")

    def upload(  # type: ignore[override]
        self,
        session: Secret,
        publication: Publication,
        access_token: Callable[[], Secret],
        *,
        fresh: bool = False,
        finish_sent_at: datetime | None = None,
    ) -> Upload:
        def over(request: Request) -> None:
            if request.finishes:
                self.over("finish")
            elif request.length:
                self.over("rest" if publication.type == "reel" else "piece")

        machine = super().upload(
            session, publication, access_token, fresh=fresh, finish_sent_at=finish_sent_at
        )
        return Hasty(machine, over)

    def run_step(self, step: StepName, *about: Any, **more: Any) -> None:
        try:
            super().run_step(step, *about, **more)
        finally:
            self.over(step)
