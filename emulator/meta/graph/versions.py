"""Versions of the Graph API.

An expired version is served by the oldest live one. A version that never existed is refused
(facts: Facebook section 1.1). v27.0 is the newest since 2026-11-04, and v21.0 the oldest until
2027-01-21 (facts: November).
"""

from aiohttp import web

from emulator.meta.graph.errors import graph_error

LATEST, OLDEST = 27, 21
VERSION = r"/{version:v\d+\.\d+}"
_EARLY = ("v1.0", *(f"v2.{n}" for n in range(13)), *(f"v3.{n}" for n in range(4)))
_ALL = frozenset({*_EARLY, *(f"v{n}.0" for n in range(4, LATEST + 1))})


def asked_version(request: web.Request) -> str:
    """Return the version in a request's path, or the newest version."""
    return request.match_info.get("version", f"v{LATEST}.0")


def served_version(request: web.Request) -> int:
    """Return the version that serves a request. Raises 2635 for one that never existed."""
    asked = asked_version(request)
    if asked not in _ALL:
        raise graph_error("2635")
    return max(int(asked[1:].partition(".")[0]), OLDEST)
