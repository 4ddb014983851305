"""Why no request reaches a platform: the same words for its JSON API and for the bytes.

They reach the tenant, so they do not say where the proxy is. `castline doctor` does.
"""

from domain.errors import PlatformMisconfigured, PlatformUnavailable

UNREACHED = frozenset({"platform_untrusted", "platform_proxy_refused", "platform_proxy_untrusted"})
"""Codes of a `PlatformMisconfigured` by which the platform itself has not refused anything."""

_SETTING = "CASTLINE_PLATFORM_PROXY"


def untrusted(host: str) -> PlatformMisconfigured:
    return PlatformMisconfigured(
        "platform_untrusted",
        f"The certificate of {host} cannot be verified. "
        "An additional authority is trusted through SSL_CERT_FILE.",
    )


def refused_by_proxy(host: str, status: int) -> PlatformMisconfigured:
    """The proxy answered, and will answer the same again."""
    remedy = (
        f"The operator has to put its user and password into {_SETTING}."
        if status == 407
        else f"The operator has to let it through there, or to name another one in {_SETTING}."
    )
    return PlatformMisconfigured(
        "platform_proxy_refused",
        f"The proxy refuses the connection to {host} (status {status}). {remedy}",
    )


def proxy_untrusted() -> PlatformMisconfigured:
    return PlatformMisconfigured(
        "platform_proxy_untrusted",
        f"The certificate of the proxy in {_SETTING} cannot be verified. "
        "An additional authority is trusted through SSL_CERT_FILE.",
    )


def not_through_proxy(host: str) -> PlatformUnavailable:
    """The proxy is not there, or does not get through either."""
    return PlatformUnavailable(
        "platform_proxy_unreachable",
        f"{host} is not reached through the proxy. If that lasts, the operator has to see whether "
        f"the proxy in {_SETTING} runs, and what `castline doctor` says of it.",
    )
