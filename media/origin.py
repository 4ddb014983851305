"""Asks a web server for bytes, never one that the policy keeps us from.

A request advances in steps, so its caller is never blocked for more than about a second. Redirects
are followed here: each hop is parsed, resolved and judged like the first. libcurl gets the URL that
was parsed, not the caller's text, and the addresses that were judged. Each chain of redirects has a
handle of its own, so its cookies reach no other chain. Sentences name the host alone, because a
presigned URL is a secret.
"""

import time
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import wait
from dataclasses import replace
from urllib.parse import quote, urljoin

from domain.errors import InvalidRequest, SourceUnreachable, SourceUnusable
from media.policy import SourcePolicy
from media.response import FILL_SECONDS, Response, unreachable
from transport.address import Address, judge, not_a_host, parse
from transport.curl import Call, Failure, Handle
from transport.names import LOOK_UPS, OPERATOR

ANSWER_SECONDS = 20.0
"""Until the head of an answer is there, all redirects together: lines may come byte by byte."""
REDIRECTS = 5

_TICK_SECONDS = 0.25
_GIVEN = frozenset({200, 206, 416})
_MOVED = frozenset({301, 302, 303, 307, 308})
_PASSING = frozenset({408, 425, 429})
_HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity"}
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))


class Asking:
    """A GET that is under way. It holds a connection until it is answered or closed."""

    def __init__(
        self,
        url: str,
        *,
        policy: SourcePolicy,
        headers: Mapping[str, str],
        within: float = ANSWER_SECONDS,
    ) -> None:
        self._hops = _hops(url, policy, headers, time.monotonic() + within)

    def wait(self, seconds: float = FILL_SECONDS) -> Response | None:
        """The answer: 200, 206 or 416. None after so many seconds, or a little more.

        Raises `SourceUnusable` with `source_not_allowed` for what the policy forbids and
        `source_refused` for an answer that will stay the same, `SourceUnreachable` for none
        `within` so many seconds, 408, 425, 429 and 5xx.
        """
        until = time.monotonic() + seconds
        while True:
            try:
                next(self._hops)
            except StopIteration as answered:
                response: Response = answered.value
                return response
            if time.monotonic() >= until:
                return None

    def close(self) -> None:
        """Hang up, unless it was answered. Never fails. Idempotent."""
        self._hops.close()


def get(
    url: str,
    *,
    policy: SourcePolicy,
    headers: Mapping[str, str],
    within: float = ANSWER_SECONDS,
    beat: Callable[[], None] = lambda: None,
) -> Response:
    """GET `url` and wait for the answer. Calls `beat` about every second meanwhile.

    Raises what `Asking.wait` raises, and what `beat` raises.
    """
    asking = Asking(url, policy=policy, headers=headers, within=within)
    try:
        while (response := asking.wait()) is None:
            beat()
    finally:
        asking.close()
    return response


def _hops(
    url: str, policy: SourcePolicy, headers: Mapping[str, str], until: float
) -> Generator[None, None, Response]:
    handle = Handle(is_chain=True)
    try:
        for _ in range(REDIRECTS + 1):
            address = parse(url, allow_private=policy.allow_private, ports=policy.ports)
            response = yield from _ask(handle, address, policy, headers, until)
            if response.status in _GIVEN:
                return response
            location = response.header("location")
            if response.status not in _MOVED or not location:
                raise _error(response)
            url = _joined(url, location)
        raise SourceUnusable("source_refused", f"{address.host} redirects without end.")
    except InvalidRequest as error:
        handle.close()
        raise SourceUnusable("source_not_allowed", error.sentence) from None
    except BaseException:
        handle.close()
        raise


def _ask(
    handle: Handle,
    address: Address,
    policy: SourcePolicy,
    headers: Mapping[str, str],
    until: float,
) -> Generator[None, None, Response]:
    call = Call(
        method="GET",
        url=address.url,
        host=address.host,
        port=address.port,
        addresses=(),
        headers=tuple({**_HEADERS, **headers}.items()),
        proxy=policy.proxies.find(address.scheme, address.host, address.port),
    )
    try:
        ways = yield from _ways(call, address, policy, until)
    except (OSError, ValueError):
        raise _failed(Failure.UNCONNECTED, call) from None
    for way in ways:
        response = Response(handle, address.host)
        handle.begin(way, response.take)
        while not handle.head.is_final and not handle.step(_TICK_SECONDS):
            if time.monotonic() >= until:
                raise unreachable(address.host)
            yield
        if handle.head.is_final:
            return response
        if handle.failure is not Failure.REFUSED_BY_PROXY:
            break
    raise _failed(handle.failure, call)


def _ways(
    call: Call, address: Address, policy: SourcePolicy, until: float
) -> Generator[None, None, list[Call]]:
    """How to reach the host; the next is for where a proxy refuses the one before.

    Raises `InvalidRequest` for what the policy forbids, `OSError` when a name leads nowhere now,
    and `ValueError` for a proxy that can be no name.
    """
    if call.proxy is not None:
        reached = yield from _look_up(call.proxy.host, call.proxy.port, OPERATOR, until)
        call = replace(call, addresses=reached)
        if policy.proxies.leaves_look_up(call.proxy, address.host):
            return [call]
    try:
        found = yield from _look_up(address.host, address.port, policy.whose, until)
    except ValueError:
        raise not_a_host() from None
    judged = judge(address, found, allow_private=policy.allow_private)
    if call.proxy is None:
        return [replace(call, addresses=judged)]
    return [replace(call, tunnel_to=ip) for ip in judged]


def _look_up(host: str, port: int, whose: str, until: float) -> Generator[None, None, list[str]]:
    found = LOOK_UPS.start(host, port, whose=whose)
    if found is None:
        raise TimeoutError("too many names are looked up")
    while not wait([found], timeout=_TICK_SECONDS).done:
        if time.monotonic() >= until:
            raise TimeoutError("the name is looked up for too long")
        yield
    return found.result()


def _joined(url: str, location: str) -> str:
    """Where a Location leads. Its raw bytes are UTF-8, or else each stands for itself."""
    raw = location.encode("latin-1")
    try:
        location = raw.decode()
    except UnicodeDecodeError:
        location = quote(raw, _PRINTABLE)
    try:
        return urljoin(url, location)
    except ValueError:
        raise not_a_host() from None


def _failed(failure: Failure | None, call: Call) -> SourceUnusable | SourceUnreachable:
    if failure is Failure.UNTRUSTED:
        return SourceUnusable(
            "source_refused", f"The certificate of {call.host} cannot be verified."
        )
    if call.proxy is not None and failure is not Failure.CUT:
        return SourceUnreachable(
            "source_unreachable", f"{call.host} is not reached through the proxy now."
        )
    return unreachable(call.host)


def _error(response: Response) -> SourceUnusable | SourceUnreachable:
    if response.status >= 500 or response.status in _PASSING:
        return unreachable(response.host)
    return SourceUnusable(
        "source_refused", f"{response.host} answered {response.status} and does not give the file."
    )
