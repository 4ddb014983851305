"""Sends one event to one endpoint, by the rules of Standard Webhooks.

The connection goes to an address that `transport.address` has checked, whatever the name led to
when the endpoint was made, and through the proxy where there is one; redirects are not followed.
The whole of it may take ten seconds, however slowly the other side drips. Of the answer only status
and Retry-After are looked at: its body is neither read nor kept. No URL is logged, for it may be a
secret.
"""

import asyncio
import logging
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpcore2
from standardwebhooks import Webhook

from activities.telling.network import CheckedNetwork, LookUps
from domain.errors import InvalidRequest
from domain.secrets import Secret
from domain.states import DeliveryAnswer
from transport.address import PORTS, Address, parse
from transport.curl import USER_AGENT
from transport.proxies import DIRECT, Proxies
from transport.trust import is_distrust, tls_context
from transport.tunnel import TunnelError

SECONDS = 10.0
"""From the look at the name to the status of the answer."""

_DIGITS = 8
"""Of a Retry-After in seconds; what has more is nonsense."""

_log = logging.getLogger("castline.telling")


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent, where to, and what it is signed with."""

    event_id: str
    """The same on every try, so that a receiver knows what it has had already."""
    body: str = field(repr=False)
    url: str = field(repr=False)
    secrets: Sequence[Secret]
    workspace_id: str
    """Whose share of look-ups the endpoint's name takes."""


@dataclass(frozen=True, slots=True)
class Reply:
    at: datetime
    answer: DeliveryAnswer
    milliseconds: int
    status: int | None = None
    retry_after: timedelta | None = None


class Sender:
    """Made once for a process; each message has a connection of its own, for so many seconds."""

    def __init__(
        self,
        *,
        allow_private: bool,
        ports: Collection[int] = PORTS,
        proxies: Proxies = DIRECT,
        seconds: float = SECONDS,
    ) -> None:
        self._allow_private = allow_private
        self._ports = ports
        self._seconds = seconds
        self._tls = tls_context()
        self._look_ups = LookUps(allow_private=allow_private, proxies=proxies)

    async def send(self, message: Message) -> Reply | None:
        """One try. Every trouble of the endpoint's is a reply; nothing is raised for it.

        None: it was not tried, for too many names are looked up now.
        """
        at, began = datetime.now(UTC), time.monotonic()
        status, retry_after = None, None
        try:
            async with asyncio.timeout(self._seconds):
                address = parse(message.url, allow_private=self._allow_private, ports=self._ports)
                network = await self._look_ups.find(address, whose=message.workspace_id)
                if network is None:
                    return None
                status, retry_after = await self._post(message, address, network, at)
            answer = _meaning(status)
        except InvalidRequest:
            answer = DeliveryAnswer.NOT_ALLOWED
        except TimeoutError:
            answer = DeliveryAnswer.TIMED_OUT
        except TunnelError as error:
            answer = _blame_proxy(error)
        except httpcore2.ConnectError as error:
            is_untrusted = is_distrust(error)
            answer = DeliveryAnswer.UNTRUSTED if is_untrusted else DeliveryAnswer.UNREACHABLE
        except (OSError, httpcore2.NetworkError, httpcore2.ProtocolError):
            answer = DeliveryAnswer.UNREACHABLE
        except Exception as error:
            # The line goes on, and is given up in its time, whatever nobody foresaw.
            _log.error("unexpected %s while an endpoint was told", type(error).__name__)
            answer = DeliveryAnswer.UNREACHABLE
        milliseconds = round((time.monotonic() - began) * 1000)
        return Reply(at, answer, milliseconds, status, retry_after)

    async def _post(
        self, message: Message, address: Address, network: CheckedNetwork, at: datetime
    ) -> tuple[int, timedelta | None]:
        async with (
            httpcore2.AsyncConnectionPool(
                ssl_context=self._tls, network_backend=network
            ) as connections,
            connections.stream(
                "POST",
                httpcore2.URL(
                    scheme=address.scheme.encode(),
                    host=address.host.encode(),
                    port=address.port,
                    target=address.target.encode(),
                ),
                headers=_headers(message, address, at),
                content=message.body.encode(),
            ) as answer,
        ):
            return answer.status, _retry_after(answer.headers)


def _headers(message: Message, address: Address, at: datetime) -> list[tuple[bytes, bytes]]:
    signatures = [
        Webhook(secret.reveal()).sign(message.event_id, at, message.body)
        for secret in message.secrets
    ]
    return [
        (b"Host", address.authority.encode()),
        (b"Content-Type", b"application/json"),
        (b"User-Agent", USER_AGENT.encode()),
        (b"Connection", b"close"),
        (b"webhook-id", message.event_id.encode()),
        (b"webhook-timestamp", str(int(at.timestamp())).encode()),
        (b"webhook-signature", " ".join(signatures).encode()),
    ]


def _blame_proxy(error: TunnelError) -> DeliveryAnswer:
    """What the customer is told; the operator finds the proxy's part in the log."""
    is_forbidden = error.status == 403
    if not is_forbidden:
        reason = "its certificate cannot be verified" if is_distrust(error) else str(error)
        _log.warning("no webhook through the proxy of CASTLINE_WEBHOOK_PROXY: %s", reason)
    return DeliveryAnswer.NOT_ALLOWED if is_forbidden else DeliveryAnswer.UNREACHABLE


def _meaning(status: int) -> DeliveryAnswer:
    if 200 <= status < 300:
        return DeliveryAnswer.DELIVERED
    return DeliveryAnswer.GONE if status == 410 else DeliveryAnswer.REFUSED


def _retry_after(headers: Iterable[tuple[bytes, bytes]]) -> timedelta | None:
    """What the endpoint asks for in seconds; a date says no more than our own schedule."""
    for name, value in headers:
        if name.lower() == b"retry-after" and value.isdigit() and len(value) <= _DIGITS:
            return timedelta(seconds=int(value))
    return None
