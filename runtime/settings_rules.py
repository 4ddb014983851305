"""What the settings refuse, each fault as one sentence that names the setting and never its value.

Castline does not guess: a name that it does not know, half a pair, or two settings that
contradict each other end the process before it has done anything. Pure; `settings.py` calls it.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from ipaddress import ip_network
from logging import getLevelNamesMapping
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationError

from transport import proxies

PREFIX = "CASTLINE_"

PAIRS = (("google_client_id", "google_client_secret"), ("meta_app_id", "meta_app_secret"))
"""Credentials of a platform: both or neither."""

_POSTGRESQL = ("postgres", "postgresql", "postgresql+psycopg")

PLATFORM_PREFIXES = ("google_", "meta_")
"""A setting that begins like this says who we are at a real platform, or where it is.

Which scopes are asked for (`youtube_manages`) says neither: the emulator has them, too.
"""


PROXIES = ("platform_proxy", "source_proxy", "webhook_proxy")
"""Each defaults to what the usual environment variables say."""


def variable(field: str) -> str:
    """The environment variable of a setting."""
    return f"{PREFIX}{field.upper()}"


def unknown_names(environment: Iterable[str], known: Collection[str]) -> list[str]:
    """A sentence for each variable with our prefix that nothing reads."""
    faults = []
    bare = [name.removeprefix(PREFIX) for name in known]
    for name in sorted(environment):
        if not name.upper().startswith(PREFIX) or name.upper() in known:
            continue
        near = get_close_matches(name.upper().removeprefix(PREFIX), bare, n=1)
        remedy = "Remove it; README.md lists all settings."
        if near:
            remedy = f"Did you mean {PREFIX}{near[0]}?"
        faults.append(f"{name} is not a setting of Castline. {remedy}")
    return faults


def malformed(
    error: ValidationError, given: Collection[str], secrets: Collection[str]
) -> list[str]:
    """A sentence for each of the `given` values that could not be read, without the value."""
    faults: dict[str, str] = {}
    for fault in error.errors(include_url=False, include_context=False, include_input=False):
        # Pydantic's own sentences say what is expected, and some of them how it was tried.
        expected = fault["msg"].removeprefix("Value error, ").partition(", unable")[0]
        expected = expected.removeprefix("Input should be ").removeprefix("must be ").rstrip(".")
        if fault["type"] == "too_short":
            expected = "at least one value"
        field = str(fault["loc"][0]) if fault["loc"] else None
        if field is None:
            faults[expected] = f"{expected}."
        elif field not in given:
            continue  # derived from another one, which has its own sentence
        elif fault["type"] == "extra_forbidden":
            faults[field] = f"{variable(field)} is not a setting of Castline."
        elif field in secrets and fault["type"] != "value_error":  # else it is ours
            faults[field] = f"{variable(field)} cannot be read."
        else:
            faults.setdefault(field, f"{variable(field)} must be {expected}.")
    return list(faults.values())


def contradictions(given: Mapping[str, Any], emulated: Mapping[str, str]) -> list[str]:
    """A sentence for each setting that does not fit another one.

    `given` are the values that were set, read or not yet; `emulated` are the credentials that
    open nothing but the emulator.
    """
    credentials = [name for pair in PAIRS for name in pair if given.get(name) is not None]
    if given.get("emulator_url") is None:
        return [
            *_half_pairs(credentials),
            *_addresses_in_clear(given),
            *_public_url_in_clear(given, credentials),
        ]
    real = [name for name in credentials if _revealed(given[name]) != emulated[name]]
    return _emulator_faults(given, real)


def proxy_faults(given: Mapping[str, Any], usual: Mapping[str, str]) -> list[str]:
    """A sentence for each proxy of the `usual` variables that cannot be used, and for each one
    that is trusted with the policy and is not there. None holds a URL."""
    faults = []
    for field in PROXIES:
        url = _revealed(given.get(field))
        try:
            chosen = proxies.choose_proxies(url, usual)
        except ValueError as error:
            if url is None:
                faults.append(f"{error}. Correct it, or set {variable(field)}.")
            continue
        enforces = f"{field}_enforces_policy"
        if given.get(enforces) is True and chosen == proxies.DIRECT:
            faults.append(
                f"{variable(enforces)} is set, but there is no such proxy. Set {variable(field)}, "
                f"or remove {variable(enforces)}."
            )
    return list(dict.fromkeys(faults))


def is_loopback(url: str) -> bool:
    """True when the URL's host is this machine and nothing else."""
    return proxies.is_loopback(_host(url))


def http_url(value: str) -> str:
    """An http(s) URL with a host, and without credentials, query and fragment."""
    try:
        parts = urlsplit(value)
        is_right = (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and parts.port != 0
            and not (parts.username or parts.password or parts.query or parts.fragment)
            and value.isprintable()
            and " " not in value
        )
    except ValueError:
        is_right = False
    if not is_right:
        raise ValueError("must be an http or https URL without user or query")
    return value


def host_and_port(value: str) -> str:
    """An address as gRPC takes it: `host:port`."""
    try:
        parts = urlsplit(f"//{value}")
        is_right = bool(parts.hostname and parts.port) and parts.netloc == value
    except ValueError:
        is_right = False
    if not is_right:
        raise ValueError("must be host:port")
    return value


def database_url(value: str) -> str:
    """The URL as SQLAlchemy takes it, of one of the two databases that Castline knows."""
    scheme, separator, rest = value.partition("://")
    if scheme == "sqlite" and separator:
        if not rest.startswith("/") or not rest.strip("/") or rest == "/:memory:" or "?" in rest:
            raise ValueError("must be sqlite:/// and the path of a file")
        return value
    if scheme not in _POSTGRESQL or not separator:
        raise ValueError(
            "must be a URL that begins with sqlite:/// (a file) or postgresql:// (a server)"
        )
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    if authority.count("@") > 1 or "@" in rest[len(authority) :]:
        raise ValueError(
            "must be a URL whose user and password are percent-encoded: @ is %40, / is %2F, : is "
            "%3A, # is %23, ? is %3F, % is %25"
        )
    try:
        is_right = urlsplit(value).port != 0
    except ValueError:
        is_right = False
    if not is_right:
        raise ValueError("must be postgresql://user:password@host:port/name")
    return f"postgresql+psycopg://{rest}"


def proxy_url(value: SecretStr) -> SecretStr:
    """The URL of a proxy, or the word for none. What is raised does not hold it."""
    proxies.choose_proxies(value.get_secret_value(), {})
    return value


def no_proxy(value: str) -> str:
    """Exceptions from the proxies, whose networks are networks."""
    for word in value.replace(",", " ").split():
        try:
            if "/" in word:
                ip_network(word, strict=False)
        except ValueError:
            raise ValueError(
                "must be names, IP addresses and networks like 10.0.0.0/8, separated by commas"
            ) from None
    return value


def log_level(value: str) -> str:
    """A level of Python's logging, however it is written."""
    if value.upper() not in (levels := getLevelNamesMapping()):
        raise ValueError(f"must be one of {', '.join(levels)}")
    return value.upper()


def words(value: Any) -> Any:
    """Words separated by `,`, as a tuple."""
    if not isinstance(value, str):
        return value
    return tuple(filter(None, (word.strip() for word in value.split(","))))


def numbers(value: Any) -> Any:
    """Numbers separated by `,`, as a tuple."""
    if not isinstance(value, str):
        return value
    try:
        return tuple(map(float, filter(None, value.split(","))))
    except ValueError:
        raise ValueError("must be numbers separated by commas") from None


def _emulator_faults(given: Mapping[str, Any], real: list[str]) -> list[str]:
    faults = []
    emulator = variable("emulator_url")
    if real:
        faults.append(
            f"{emulator} and {_listed(real)} are both set: the credentials would be sent to the "
            "emulator. Remove one or the other."
        )
    public = given.get("public_url")
    if isinstance(public, str) and _scheme(public) == "https" and not is_loopback(public):
        faults.append(
            f"{emulator} is set, but {variable('public_url')} is a public https URL: nothing "
            f"would be published. Remove {emulator} and set the platforms' credentials."
        )
    return faults


def _half_pairs(credentials: list[str]) -> list[str]:
    faults = []
    for one, other in PAIRS:
        if (one in credentials) == (other in credentials):
            continue
        there, missing = (one, other) if one in credentials else (other, one)
        faults.append(
            f"{variable(there)} is set, but {variable(missing)} is not. Set both or neither."
        )
    return faults


def _addresses_in_clear(given: Mapping[str, Any]) -> list[str]:
    return [
        f"{variable(name)} is plain http to another machine: secrets would travel in clear. "
        "Use https, or an address of this machine."
        for name, value in given.items()
        if name.startswith(PLATFORM_PREFIXES)
        and isinstance(value, str)
        and _scheme(value) == "http"
        and not is_loopback(value)
    ]


def _public_url_in_clear(given: Mapping[str, Any], credentials: list[str]) -> list[str]:
    public = given.get("public_url")
    if not (credentials and isinstance(public, str) and _scheme(public) == "http"):
        return []
    if is_loopback(public):
        return []
    return [
        f"{variable('public_url')} is plain http on another machine: codes of consents and API "
        "keys would travel in clear. Put a TLS proxy in front of the API and use its https URL."
    ]


def _listed(fields: list[str]) -> str:
    return ", ".join(map(variable, fields))


def _revealed(value: Any) -> Any:
    reveal = getattr(value, "get_secret_value", None)
    return reveal() if reveal else value


def _scheme(url: str) -> str:
    return url.partition("://")[0].lower() if "://" in url else ""


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
