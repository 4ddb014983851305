"""The few pages a person sees, made from the templates beside this file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jinja2
from aiohttp import web

from emulator.clock import timestamp

_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("emulator", "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters["timestamp"] = timestamp


def page(template: str, status: int = 200, **values: Any) -> web.Response:
    """Render a template as an answer that no browser keeps."""
    return web.Response(
        status=status,
        text=_TEMPLATES.get_template(template).render(**values),
        content_type="text/html",
        headers={"Cache-Control": "no-store"},
    )


@dataclass(frozen=True, slots=True)
class VideoPage:
    """A published video as its link shows it.

    `hidden` is what the platform says instead to those who may not see the video: a title
    and a sentence. `facts` is what the controls show of it.
    """

    site: str
    title: str
    description: str
    owner: str
    facts: Mapping[str, Any]
    picture: str | None = None
    hidden: tuple[str, str] | None = None

    def answer(self) -> web.Response:
        """Render the page; nothing that a client wrote can run or load anything."""
        title, sentence = self.hidden or ("", "")
        response = page(
            "video.html",
            site=self.site,
            heading=title or self.title,
            title=self.title,
            description=self.description,
            owner=self.owner,
            facts=self.facts,
            picture=self.picture,
            hidden={"title": title, "sentence": sentence} if self.hidden else None,
        )
        response.headers["Content-Security-Policy"] = _NOTHING_FOREIGN
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


_NOTHING_FOREIGN = (
    "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'"
)
