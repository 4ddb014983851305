"""The network as deliveries see it: names are looked up apart, and what was checked is reached.

Nothing ends a look-up but itself, so each has a thread of its own, and there are so many of them;
when none is free nothing is waited for, since those who took them may be anybody's. Whoever
connects does so to the addresses that a look-up has allowed, whatever the name leads to by then.
"""

import asyncio
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpcore
from httpcore import SOCKET_OPTION

from media.address import Address, is_literal, resolve

_LOOK_UPS = 64
"""Names that are looked up at a time: a workspace's endpoints, with a few each, are fewer."""


class LookUps:
    """Made once for a process, and used on its event loop alone."""

    def __init__(self, *, allow_private: bool, most: int = _LOOK_UPS) -> None:
        self._allow_private = allow_private
        self._free = most
        self._threads = ThreadPoolExecutor(most, "look-up")

    async def find(self, address: Address) -> list[str] | None:
        """The addresses that may be connected to. None: no thread is free to look them up.

        Raises what `media.address.resolve` raises. Who gives up waiting does not end a look-up.
        """
        look = partial(resolve, address, allow_private=self._allow_private)
        if is_literal(address):
            return look()
        if not self._free:
            return None
        self._free -= 1
        found = asyncio.get_running_loop().run_in_executor(self._threads, look)
        found.add_done_callback(self._give_back)
        return await asyncio.shield(found)

    def _give_back(self, found: asyncio.Future[list[str]]) -> None:
        self._free += 1
        if not found.cancelled():
            found.exception()  # nobody may be waiting for it any more


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to the first of these addresses that answers, and to nothing else."""

    def __init__(self, allowed: Sequence[str]) -> None:
        self._allowed = allowed
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,  # noqa: ARG002  # what was looked up is what is connected to
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # the seam's own
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        trouble: Exception = OSError()
        for ip in self._allowed:
            try:
                return await self._network.connect_tcp(
                    ip, port, timeout, local_address, socket_options
                )
            except httpcore.ConnectError as error:
                trouble = error
        raise trouble
