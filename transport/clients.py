"""How httpx2 leaves this process: through the proxies of a way, trusting the usual authorities.

httpx2 itself would take proxies from the environment, which knows nothing of ours.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import httpcore2
import httpx2

from transport.hosts import DEFAULT_PORTS
from transport.proxies import Proxies
from transport.trust import tls_context
from transport.tunnel import TunnelError, Tunnels


class ProxiedTransport(httpx2.BaseTransport):
    """A pool of connections for each proxy, and one for the hosts that are reached directly.

    Thread-safe. Sends each request once. Answers are read whole. Raises what httpx2's own
    transport raises; `httpx2.ProxyError` has a `TunnelError` as its cause.
    """

    def __init__(self, proxies: Proxies, *, idle: int = 10, idle_seconds: float = 60.0) -> None:
        """Keep so many idle connections open, each for so long."""
        self._proxies = proxies
        self._pools = {
            proxy: httpcore2.ConnectionPool(
                ssl_context=tls_context(),
                max_connections=None,
                max_keepalive_connections=idle,
                keepalive_expiry=idle_seconds,
                network_backend=None if proxy is None else Tunnels(proxy),
            )
            for proxy in {None, proxies.https, proxies.http}
        }

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        url = request.url
        port = url.port or DEFAULT_PORTS.get(url.scheme, 0)
        pool = self._pools[self._proxies.find(url.scheme, url.host, port)]
        with _as_httpx2():
            answer = pool.request(
                request.method,
                httpcore2.URL(
                    scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                ),
                headers=request.headers.raw,
                content=request.read(),
                extensions=request.extensions,
            )
        return httpx2.Response(answer.status, headers=answer.headers, content=answer.content)

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()


@contextmanager
def _as_httpx2() -> Iterator[None]:
    try:
        yield
    except TunnelError as error:
        raise httpx2.ProxyError(str(error)) from error
    except httpcore2.ConnectError as error:
        raise httpx2.ConnectError(str(error)) from error
    except httpcore2.TimeoutException as error:
        raise httpx2.TimeoutException(str(error)) from error
    except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
        raise httpx2.NetworkError(str(error)) from error
    except httpcore2.UnsupportedProtocol as error:
        raise httpx2.UnsupportedProtocol(str(error)) from error
