"""The few pages that a browser sees.

Each is one template without a script or anything from elsewhere, sent with headers that
let it load nothing, be framed by nobody and tell no other site where it was. A page
shows sentences of ours only: what an address brought is looked up, never echoed.
"""

from collections.abc import Mapping

from fastapi import Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from jinja2 import Environment, PackageLoader

from api.headers import hashes_of

_loader = PackageLoader("api", "pages")
_templates = Environment(loader=_loader, autoescape=True)
_STYLES = hashes_of("style", _loader.get_source(_templates, "base.html")[0])

SAFE = {
    "Content-Security-Policy": f"default-src 'none'; style-src {_STYLES}; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def render(
    name: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **values: object
) -> HTMLResponse:
    """One page as an answer."""
    html = _templates.get_template(f"{name}.html").render(values)
    return HTMLResponse(html, status, {**SAFE, **(headers or {})})


def wants_json(request: Request) -> bool:
    """True when the client asks for JSON and does not take a page."""
    accepted = request.headers.get("accept", "")
    return "application/json" in accepted and "text/html" not in accepted


def private_json(body: Mapping[str, object], status: int = 200) -> Response:
    """A JSON answer that no cache keeps and no other site hears of."""
    return JSONResponse(dict(body), status, SAFE)
