"""The few pages a person sees, made from the templates beside this file."""

from typing import Any

import jinja2
from aiohttp import web

_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("emulator", "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(template: str, status: int = 200, **values: Any) -> web.Response:
    """Render a template as an answer that no browser keeps."""
    return web.Response(
        status=status,
        text=_TEMPLATES.get_template(template).render(**values),
        content_type="text/html",
        headers={"Cache-Control": "no-store"},
    )
