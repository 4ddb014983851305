"""Profile pictures: one drawing for every person and Page.

`/{id}/picture` is the image. With `redirect=0` it is JSON with the URL and the size, as in the
field `picture` (`ProfilePictureSource` in facebook-business 26.0.3).
"""

from typing import Any

from aiohttp import web

from emulator.calls import Call
from emulator.meta.graph.errors import json_answer
from emulator.meta.graph.params import Params, read
from emulator.meta.graph.selecting import select_fields

_SIZES = {"small": 50, "square": 50, "thumbnail": 50, "normal": 100, "album": 50, "large": 200}

_DRAWING = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 200">
<rect width="200" height="200" fill="#dfe5ec"/>
<circle cx="100" cy="100" r="52" fill="#fff"/></svg>"""


async def picture(call: Call) -> web.StreamResponse:
    """Return the image, or its metadata with `redirect=0`."""
    params = await read(call)
    if params.flag("redirect") is False:
        return json_answer(picture_of(call, params, call.request.match_info["node"]))
    return web.Response(text=_DRAWING, content_type="image/svg+xml")


def picture_of(call: Call, params: Params, node: str) -> dict[str, Any]:
    """Return the metadata of a node's picture."""
    usual = _SIZES.get(params.text("type") or "", 50)
    width = params.number("width") or params.number("height") or usual
    known = {
        "height": params.number("height") or width,
        "is_silhouette": False,
        "url": f"{call.origin}/{node}/picture",
        "width": width,
    }
    return {"data": select_fields(params, "ProfilePictureSource", ",".join(known), known)}
