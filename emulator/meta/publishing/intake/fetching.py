"""Fetches the file of a `file_url`, from loopback addresses only (see `loopback`).

The timeout is Meta's five minutes (facts: Facebook section 2 (d)).
"""

from collections.abc import Callable

from aiohttp import ClientError

from emulator.calls import Call
from emulator.meta.graph.errors import graph_error
from emulator.meta.loopback import loopback_request
from emulator.meta.publishing.intake.hashing import Intake

_SECONDS = 300
_AGENT = "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"


class FetchError(Exception):
    """The file could not be fetched completely; the text says why."""


async def fetch(
    call: Call,
    address: str,
    intake: Intake,
    most: int,
    may_write: Callable[[], bool] = lambda: True,
) -> None:
    """Fetch a file of at most `most` bytes into an empty intake, while it may write there.

    Raises `FetchError`, and `GraphError` 6000/1363023 for a file that is too large.
    """
    headers = {"User-Agent": _AGENT, "Accept-Encoding": "identity"}
    try:
        async with loopback_request("GET", address, seconds=_SECONDS, headers=headers) as answer:
            if answer.status != 200:
                raise FetchError(f"The server answered {answer.status}.")
            async for piece in answer.content.iter_any():
                if not may_write():
                    break
                intake.write(memoryview(piece))
                call.world.transfer.bytes_received += len(piece)
                if intake.stored > most:
                    raise graph_error("6000/1363023")
    except (ClientError, TimeoutError, OSError) as error:
        raise FetchError(str(error) or type(error).__name__) from error
    if not may_write():
        raise FetchError("A newer request has taken over.")
    if not intake.stored:
        raise FetchError("The file is empty.")
