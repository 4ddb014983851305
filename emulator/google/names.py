"""Google's real names, and what an address is called under them.

When a machine sends Google's names here, addresses in answers use those names too, so that
a client finds everything where it expects it. Otherwise everything is on the one origin
that was called.
"""

import re

from emulator.calls import Call
from emulator.google.switches import Switches
from emulator.hosts import host_of, is_below, port_of

DOMAINS = (
    "google.com",
    "googleapis.com",
    "googleusercontent.com",
    "youtube.com",
    "youtu.be",
    "ytimg.com",
)
PATHS = re.compile(
    r"/(youtube|upload|resumable|batch|oauth2|o/oauth2|token|revoke|tokeninfo|userinfo"
    r"|device|discovery|\$discovery|v1|vi|a|\.well-known)(/|$)"
)
"""How Google's paths begin."""
ISSUER = "https://accounts.google.com"


def address(call: Call, name: str, path: str) -> str:
    """Return the address of a path that Google serves under a name."""
    request = call.request
    if is_below(host_of(request), DOMAINS):
        return f"{request.scheme}://{name}{port_of(request)}{path}"
    return f"{call.origin}{path}"


def issuer(call: Call, switches: Switches) -> str:
    """Return who issues tokens: Google under its names, or else the origin that was called."""
    named = is_below(host_of(call.request), DOMAINS)
    return ISSUER if named and not switches.own_issuer else call.origin
