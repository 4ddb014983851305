"""The way to a platform's API: kept-alive connections, shared by all threads of a process.

A request goes out once, whatever becomes of it: nothing is repeated, no redirect followed
and no cookie kept, since all accounts share the pool. Every failure is raised without
its cause, because causes carry addresses and headers.
"""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import urlsplit

import httpx2

from domain.errors import PlatformError, PlatformUnavailable
from platforms.transfer.machine import Answer
from platforms.unreached import (
    not_through_proxy,
    proxy_untrusted,
    refused_by_proxy,
    untrusted,
)
from transport.clients import ProxiedTransport
from transport.proxies import DIRECT, Proxies
from transport.trust import is_distrust
from transport.tunnel import TunnelError

# They log addresses (INFO) and answer headers (DEBUG), and a session's address is a secret.
for _talkative in ("httpx2", "httpcore2"):
    logging.getLogger(_talkative).setLevel(logging.WARNING)

_TIMEOUT = httpx2.Timeout(60, connect=10)

BRIEF = timedelta(seconds=5)
"""How long each phase of a call may take for which others wait: to connect, to encrypt, to send,
to be answered."""

_IDLE = 32
"""Connections that are kept open."""

_LONGEST_PAUSE = 86_400.0


def origin_of(url: str) -> str:
    """Scheme, host and port of an address. Pure."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


class Http:
    """A pool of connections to one platform. Thread-safe."""

    def __init__(self, company: str, proxies: Proxies = DIRECT) -> None:
        self._company = company
        # No cookie of one account may go out with another's request.
        no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=()))
        self._client = httpx2.Client(
            timeout=_TIMEOUT,
            cookies=no_cookies,
            transport=ProxiedTransport(proxies, idle=_IDLE),
            trust_env=False,
        )

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | str | None = None,
        is_brief: bool = False,
    ) -> Answer:
        """Send one request once and return the answer, whatever its status.

        `is_brief`: give up after `BRIEF` of silence instead of a minute.

        Raises `PlatformUnavailable` (code `unreachable`) when there is no answer; the
        request may or may not have arrived then. It has not where a certificate or the proxy
        stood in its way: see `platforms.unreached`.
        """
        try:
            answer = self._client.request(
                method,
                url,
                headers=dict(headers),
                content=body,
                timeout=BRIEF.total_seconds() if is_brief else _TIMEOUT,
            )
        except httpx2.RequestError as error:
            raise self._unreached(error) from None
        except httpx2.InvalidURL:
            raise self._silent() from None
        return Answer(answer.status_code, dict(answer.headers), answer.content)

    def _unreached(self, error: httpx2.RequestError) -> PlatformError:
        host = error.request.url.host
        if isinstance(error.__cause__, TunnelError):
            if is_distrust(error):
                return proxy_untrusted()
            if error.__cause__.is_refusal:
                return refused_by_proxy(host, error.__cause__.status)
            return not_through_proxy(host)
        if is_distrust(error):
            return untrusted(host)
        return self._silent()

    def _silent(self) -> PlatformUnavailable:
        return PlatformUnavailable("unreachable", f"{self._company} did not answer.")


def moment_of(answer: Answer, now: datetime | None = None) -> datetime:
    """When it was by the platform's own clock, as its `Date` says; by ours where that is no help.

    Moments that a platform names are read against it, so that neither clock need be right.
    """
    try:
        moment = parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        return now or datetime.now(UTC)
    return moment.replace(tzinfo=moment.tzinfo or UTC)


def retry_after(answer: Answer, now: datetime | None = None) -> float | None:
    """The pause that an answer asks for, in seconds; a day at most."""
    value = answer.headers.get("retry-after", "")
    if value.isascii() and value.isdigit():
        return min(float(value), _LONGEST_PAUSE)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    wait = moment.replace(tzinfo=moment.tzinfo or UTC) - (now or datetime.now(UTC))
    return min(max(0.0, wait.total_seconds()), _LONGEST_PAUSE)
