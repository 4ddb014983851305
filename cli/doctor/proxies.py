"""The proxies on the ways out: whether they are there, and let us through to the platforms.

Of the ways to sources and webhooks only the proxy is known, not the host that will be asked for.
"""

from contextlib import closing
from urllib.parse import urlsplit

from cli.doctor.installation import Installation
from runtime.health.finding import Finding, failed, in_thread, ok
from runtime.settings import Settings
from transport.hosts import DEFAULT_PORTS
from transport.proxies import DIRECT, Proxy, Way
from transport.trust import is_distrust
from transport.tunnel import TunnelError, Tunnels

_SECONDS = 5.0
_SETTINGS = {
    Way.PLATFORMS: "CASTLINE_PLATFORM_PROXY",
    Way.SOURCES: "CASTLINE_SOURCE_PROXY",
    Way.WEBHOOKS: "CASTLINE_WEBHOOK_PROXY",
}

Target = tuple[Proxy, str | None, int]
"""A proxy, and host and port that it is asked for. Without a host it is only greeted."""


async def look_at_proxies(here: Installation) -> list[Finding]:
    settings = here.settings
    if all(settings.proxies(way) == DIRECT for way in Way):
        return [ok("proxies", "none: every host is reached directly")]
    return [await in_thread(_look, settings, way) for way in Way]


def _look(settings: Settings, way: Way) -> Finding:
    subject, reached = f"proxy for {way}", []
    for proxy, host, port in _targets(settings, way):
        at = f"{proxy.host}:{proxy.port}"
        try:
            tunnels = Tunnels(proxy)
            greeted = tunnels.connect_tcp(host, port, _SECONDS) if host else tunnels.greet(_SECONDS)
            with closing(greeted):
                reached.append(f"{at} connects to {host}:{port}" if host else f"{at} is there")
        except TunnelError as error:
            asked = f" when asked for {host}:{port}" if host else ""
            fact = "its certificate cannot be verified" if is_distrust(error) else error
            return failed(subject, f"{at}: {fact}{asked}", _remedy(way, error))
    return ok(subject, "; ".join(reached) or "none on this way")


def _targets(settings: Settings, way: Way) -> list[Target]:
    proxies = settings.proxies(way)
    if way is not Way.PLATFORMS:
        # A set would lose the order.
        ours = dict.fromkeys(proxy for proxy in (proxies.https, proxies.http) if proxy is not None)
        return [(proxy, None, 0) for proxy in ours]
    urls = []
    if settings.google_client_id is not None:
        urls += [settings.google_token_url, settings.google_api_root]
    if settings.meta_app_id is not None:
        urls += [settings.meta_graph_root]
    targets = []
    for parts in map(urlsplit, urls):
        host, port = parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme]
        if (proxy := proxies.find(parts.scheme, host, port)) is not None:
            targets.append((proxy, host, port))
    return list(dict.fromkeys(targets))


def _remedy(way: Way, error: TunnelError) -> str:
    setting = f"{_SETTINGS[way]}, or the usual variables such as HTTPS_PROXY"
    if is_distrust(error):
        return "Name its authority in SSL_CERT_FILE."
    if error.status == 407:
        return f"Put its user and password into {setting}."
    if error.is_refusal:
        return f"Let the proxy pass this host, or name another proxy: {setting}."
    return f"Start it, or name another one: {setting}; `none` is for none."
