"""The pictures that resources point to: one drawing that stands for all of them.

Thumbnails are kept as hashes, so nothing better can be shown; but an address that a
client shows to a person should not be a dead one.
"""

from aiohttp import web

from emulator.calls import Call

_DRAWING = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 180">
<rect width="320" height="180" fill="#dfe5ec"/><path d="M138 60l56 30-56 30z" fill="#fff"/></svg>"""


async def picture(_: Call) -> web.StreamResponse:
    """Answer the drawing, whatever picture is asked for."""
    return web.Response(text=_DRAWING, content_type="image/svg+xml")
