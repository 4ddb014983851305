"""Pictures of persons and Pages: one drawing for all, in the size that is asked for.

`/{id}/picture` is the drawing itself, and with `redirect=0` the facts about it, which are also
what the field `picture` is (Meta's pages on User and Page Picture).
"""

from typing import Any

from aiohttp import web

from emulator.calls import Call
from emulator.meta.graph.errors import json_answer
from emulator.meta.graph.params import Params, read
from emulator.meta.graph.selecting import selected

_SIZES = {"small": 50, "square": 50, "thumbnail": 50, "normal": 100, "album": 50, "large": 200}

_DRAWING = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 200">
<rect width="200" height="200" fill="#dfe5ec"/>
<circle cx="100" cy="100" r="52" fill="#fff"/></svg>"""


async def picture(call: Call) -> web.StreamResponse:
    """Answer the drawing, or where it is; an address that is shown should not be dead."""
    params = await read(call)
    if params.flag("redirect") is False:
        return json_answer(picture_of(call, params, call.request.match_info["node"]))
    return web.Response(text=_DRAWING, content_type="image/svg+xml")


def picture_of(call: Call, params: Params, node: str) -> dict[str, Any]:
    """Return the facts about a node's picture."""
    usual = _SIZES.get(params.text("type") or "", 50)
    width = params.number("width") or params.number("height") or usual
    known = {
        "height": params.number("height") or width,
        "is_silhouette": False,
        "url": f"{call.origin}/{node}/picture",
        "width": width,
    }
    return {"data": selected(params, "ProfilePictureSource", ",".join(known), known)}
