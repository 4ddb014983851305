"""Fetches the file that a `file_url` names, from this machine only (see `loopback`).

What cannot be fetched whole within Meta's five minutes is a `NotFetched`, with why
(facts: Facebook section 2 (d)).
"""

from aiohttp import ClientError

from emulator.calls import Call
from emulator.meta.graph.errors import graph_error
from emulator.meta.loopback import calling
from emulator.meta.publishing.intake.hashing import Intake

_SECONDS = 300
_AGENT = "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"


class NotFetched(Exception):
    """A file that is not there, or not here whole."""


async def fetch(call: Call, address: str, most: int) -> Intake:
    """Return the file at an address, of at most so many bytes; nothing of it is kept but facts.

    Raises `NotFetched`, and `GraphError` for a file that is too large.
    """
    intake, headers = Intake(), {"User-Agent": _AGENT, "Accept-Encoding": "identity"}
    try:
        async with calling("GET", address, seconds=_SECONDS, headers=headers) as answer:
            if answer.status != 200:
                raise NotFetched(f"The server answered {answer.status}.")
            async for piece in answer.content.iter_any():
                intake.write(memoryview(piece))
                call.world.transfer.bytes_received += len(piece)
                if intake.stored > most:
                    raise graph_error("6000/1363023")
    except (ClientError, TimeoutError, OSError) as error:
        raise NotFetched(str(error) or type(error).__name__) from error
    if not intake.stored:
        raise NotFetched("The file is empty.")
    return intake
