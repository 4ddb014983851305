"""The network as deliveries see it: names are looked up apart, and what was checked is reached.

Nothing ends a look-up but itself, so each has a thread of its own, and there are so many of them;
when none is free, the delivery is tried later. The connection goes to an address that a look-up has
allowed, whatever the name leads to by then. With a proxy on the way the proxy is asked for that
address, or for the name where it enforces the policy itself.
"""

import asyncio
from collections.abc import Iterable, Sequence

import httpcore2
from httpcore2 import SOCKET_OPTION

from transport import names
from transport.address import Address, judge, not_a_host
from transport.proxies import DIRECT, Proxies, Proxy
from transport.tunnel import TunnelError, open_tunnel


class LookUps:
    """Used on an event loop."""

    def __init__(
        self,
        *,
        allow_private: bool,
        proxies: Proxies = DIRECT,
        names: names.LookUps = names.LOOK_UPS,
    ) -> None:
        self._allow_private = allow_private
        self._proxies = proxies
        self._names = names

    async def find(self, address: Address, *, whose: str) -> "CheckedNetwork | None":
        """The network that leads to this address alone. None: no thread is free for a look-up.

        Raises what `transport.address.resolve` raises. Who gives up waiting does not end a look-up.
        """
        proxy = self._proxies.find(address.scheme, address.host, address.port)
        if self._proxies.leaves_look_up(proxy, address.host):
            allowed: list[str] | None = [address.host]
        else:
            allowed = await self._find_allowed(address, whose)
        if proxy is None or allowed is None:
            return None if allowed is None else CheckedNetwork(allowed)
        try:
            at = await self._look_up(proxy.host, proxy.port, whose=names.OPERATOR)
        except (OSError, ValueError):
            raise TunnelError from None
        return None if at is None else CheckedNetwork(allowed, proxy, at)

    async def _find_allowed(self, address: Address, whose: str) -> list[str] | None:
        try:
            ips = await self._look_up(address.host, address.port, whose=whose)
        except ValueError:
            raise not_a_host() from None
        return ips and judge(address, ips, allow_private=self._allow_private)

    async def _look_up(self, host: str, port: int, *, whose: str) -> list[str] | None:
        found = self._names.start(host, port, whose=whose)
        if found is None:
            return None
        return await asyncio.wrap_future(found)


class CheckedNetwork(httpcore2.AsyncNetworkBackend):
    """Connects to the first of these hosts that answers, and to nothing else.

    They are IP addresses, or with a proxy maybe a name; `proxy_at` are the addresses of the proxy.
    """

    def __init__(
        self, allowed: Sequence[str], proxy: Proxy | None = None, proxy_at: Sequence[str] = ()
    ) -> None:
        self.allowed = allowed
        self._proxy = proxy
        self._proxy_at = proxy_at
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
        for allowed in self.allowed:
            try:
                if self._proxy is not None:
                    return await self._tunnel(self._proxy, allowed, port)
                return await self._network.connect_tcp(
                    allowed, port, timeout, local_address, socket_options
                )
            except httpcore2.ConnectError as error:
                trouble = error
                if isinstance(error, TunnelError) and error.is_refusal:
                    break
        raise trouble

    async def _tunnel(self, proxy: Proxy, allowed: str, port: int) -> httpcore2.AsyncNetworkStream:
        trouble = TunnelError()
        for at in self._proxy_at:
            try:
                return await open_tunnel(self._network, proxy, at, allowed, port)
            except TunnelError as error:
                trouble = error
                if error.status:
                    break
        raise trouble
