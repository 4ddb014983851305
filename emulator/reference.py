"""`GET /_emulator/`: every control, fault and switch, as JSON or as a page for browsers.

Nothing is written here: it shows the tables that the emulator itself goes by.
"""

from typing import Any

from aiohttp import web

from emulator import faults, fields, switches
from emulator.calls import WORLD
from emulator.controls import CONTROLS, PLATFORM, ROOT
from emulator.pages import page
from emulator.world import World


def document(world: World) -> dict[str, Any]:
    """Return everything there is to know of controls, faults and switches."""
    every = sorted(set().union(*(p.operations for p in world.platforms.values())))
    return {
        "controls": {
            control.name: {
                "does": control.does,
                "body": fields.document(control.body),
                "more": control.more,
                "answers": control.answers,
            }
            for control in CONTROLS
        },
        "faults": {kind.name: kind.document(every) for kind in faults.KINDS},
        "switches": switches.document(world.switches),
        "platforms": {
            platform.name: {
                "faults": {
                    kind.name: kind.document(sorted(platform.operations)) for kind in platform.kinds
                },
                "switches": switches.document(platform.switches),
                "accounts": fields.document((PLATFORM, *platform.account_fields)),
                "operations": sorted(platform.operations),
            }
            for platform in world.platforms.values()
        },
    }


def routes() -> list[web.RouteDef]:
    """Return the routes of the documentation."""
    return [web.get(ROOT, _show), web.get(f"{ROOT}/", _show)]


async def _show(request: web.Request) -> web.Response:
    shown = document(request.app[WORLD])
    if "text/html" in request.headers.get("Accept", ""):
        return page("controls.html", **shown)
    return web.json_response(shown)
