"""Where a browser may be sent after a consent.

An address is allowed when it lies under one of the workspace's prefixes: the same
scheme, host and port, and its path below the prefix's on a segment boundary. What two
parsers could read differently (userinfo, backslashes, dot segments, control characters)
is refused outright, because the browser's parser is not ours.

A fragment is compared with nothing: it begins at the first `#` for every parser, so it cannot
change the host or the path, and no browser sends it to a server. A prefix that has one allows
nothing.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from transport.hosts import DEFAULT_PORTS

_MAX_LENGTH = 2000


def is_allowed(url: str, prefixes: Iterable[str]) -> bool:
    """True when `url` lies under one of `prefixes`. Its query and its fragment are free."""
    target = _parse(url)
    return target is not None and any(_lies_under(target, prefix) for prefix in prefixes)


def is_loopback(url: str) -> bool:
    """True when `url` leads to the browser's own machine."""
    target = _parse(url)
    if target is None:
        return False
    host = target.hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def with_result(url: str, result: Mapping[str, str]) -> str:
    """`url` with the result in its query, beside what the query already holds.

    Its fragment stays. Without one it gets an empty fragment: to an address that has none a browser
    hands on the fragment of the redirecting address, and Meta's callback ends in `#_=_` (Fetch
    Standard, "HTTP-redirect fetch").
    """
    parts = urlsplit(url)
    before = parse_qsl(parts.query, keep_blank_values=True)
    kept = [(name, value) for name, value in before if name not in result]
    query = urlencode([*kept, *result.items()])
    return f"{urlunsplit(parts._replace(query=query, fragment=''))}#{parts.fragment}"


def _parse(url: str) -> SplitResult | None:
    """The parts of an address that every parser reads alike, else None."""
    unsound = not url.isascii() or not url.isprintable() or " " in url or "\\" in url
    if unsound or len(url) > _MAX_LENGTH:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or port == 0 or "@" in parts.netloc:
        return None
    segments = unquote(parts.path).replace("\\", "/").split("/")
    return None if "." in segments or ".." in segments else parts


def _lies_under(target: SplitResult, prefix: str) -> bool:
    allowed = _parse(prefix)
    if allowed is None or "#" in prefix or _origin(allowed) != _origin(target):
        return False
    root = allowed.path.rstrip("/")
    return target.path == root or target.path.startswith(root + "/")


def _origin(parts: SplitResult) -> tuple[str, str | None, int]:
    return parts.scheme, parts.hostname, parts.port or DEFAULT_PORTS[parts.scheme]
