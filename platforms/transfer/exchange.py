"""One request that left and what its answer meant: what the engine tells whoever watches it.

Every request that was sent makes exactly one, also when no answer came. It holds offsets,
statuses and codes and nothing of the answer itself, so it may be kept and shown. The machine
that judged the answer knows nothing of it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from domain.errors import PlatformError, PlatformUnavailable, Unconfirmed
from domain.evidence import Sent, Told
from platforms.transfer.machine import Answer, Finished, Request


@dataclass(frozen=True, slots=True)
class Exchange:
    sent: Sent
    told: Told
    confirmed: int
    """How many bytes the platform is known to hold after it."""
    status: int | None = None
    """Of the HTTP answer; None where there was none."""
    code: str | None = None
    """Ours, of the error that the answer was taken for."""
    reason: str | None = None
    """The platform's own code of that error."""
    platform_id: str | None = None
    """The video, where the answer told it."""


Observer = Callable[[Exchange], None]


def unobserved(_: Exchange) -> None:
    """Nobody watches."""


def unanswered(request: Request, confirmed: int) -> Exchange:
    """The network took the answer: what the request has done is not known."""
    return Exchange(_sent(request), Told.NOTHING, confirmed)


def answered(
    request: Request, answer: Answer, finished: Finished | None, confirmed: int
) -> Exchange:
    """The answer was taken in: the upload is finished, or goes on."""
    # What answers a finish and keeps every byte says nothing of the video.
    is_whole = request.finishes and confirmed >= request.offset + request.length
    is_held = answer.status < 400 and not is_whole
    told = Told.FINISHED if finished else Told.HELD if is_held else Told.UNCLEAR
    made = finished.platform_id if finished else None
    return Exchange(_sent(request), told, confirmed, answer.status, platform_id=made)


def refused(request: Request, answer: Answer, error: PlatformError, confirmed: int) -> Exchange:
    """The answer was taken for an error, or for one that decides nothing yet."""
    is_open = isinstance(error, Unconfirmed) or (
        # A good answer of which something else was hoped for.
        isinstance(error, PlatformUnavailable) and answer.status < 400
    )
    told = Told.UNCLEAR if is_open else Told.ERROR
    return Exchange(_sent(request), told, confirmed, answer.status, error.code, error.reason)


def _sent(request: Request) -> Sent:
    if request.finishes:
        return Sent.FINISH
    return Sent.BYTES if request.length else Sent.QUESTION
