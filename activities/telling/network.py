"""The network as deliveries see it: names are looked up apart, and what was checked is reached.

Nothing ends a look-up but itself, so each has a thread of its own, and there are so many of them;
when none is free nothing is waited for, since those who took them may be anybody's. Whoever
connects does so to the addresses that a look-up has allowed, whatever the name leads to by then.
"""

import asyncio
from collections.abc import Iterable, Sequence

import httpcore2
from httpcore2 import SOCKET_OPTION

from transport import names
from transport.address import Address, judge, not_a_host


class LookUps:
    """Used on an event loop."""

    def __init__(self, *, allow_private: bool, names: names.LookUps = names.LOOK_UPS) -> None:
        self._allow_private = allow_private
        self._names = names

    async def find(self, address: Address) -> list[str] | None:
        """The addresses that may be connected to. None: no thread is free to look them up.

        Raises what `transport.address.resolve` raises. Who gives up waiting does not end a look-up.
        """
        found = self._names.start(address.host, address.port)
        if found is None:
            return None
        try:
            ips = await asyncio.wrap_future(found)
        except ValueError:
            raise not_a_host() from None
        return judge(address, ips, allow_private=self._allow_private)


class CheckedNetwork(httpcore2.AsyncNetworkBackend):
    """Connects to the first of these addresses that answers, and to nothing else."""

    def __init__(self, allowed: Sequence[str]) -> None:
        self._allowed = allowed
        self._network = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,  # noqa: ARG002  # what was looked up is what is connected to
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # the seam's own
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        trouble: Exception = OSError()
        for ip in self._allowed:
            try:
                return await self._network.connect_tcp(
                    ip, port, timeout, local_address, socket_options
                )
            except httpcore2.ConnectError as error:
                trouble = error
        raise trouble
