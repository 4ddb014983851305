"""Our own part of the origin: look at the world, move its time, order trouble.

Everything under `/_emulator/` is JSON in and out, needs no key, and never shows a
token, a code or a session address. An order that makes no sense is answered with 400
and a sentence. `CONTROLS` is the table of all controls: what is served, what a body may
hold and what the documentation says come from it.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from aiohttp import web

from emulator import fields, switches
from emulator.calls import COMMIT, WORLD
from emulator.faults import FINAL, ORDER
from emulator.fields import Field
from emulator.parsing import parse_json
from emulator.world import World

ROOT = "/_emulator"
BREAK_OFF: web.AppKey[Callable[[float], None]] = web.AppKey("break_off")
"""Begins an outage of so many seconds, at once."""

_Action = Callable[[World, dict[str, Any]], tuple[int, Any]]


@dataclass(frozen=True, slots=True)
class Control:
    """One control. Where a body may hold `more`, the action itself refuses what it may not."""

    method: str
    path: str
    does: str
    answers: str
    action: _Action
    body: tuple[Field, ...] = ()
    more: str = ""

    @property
    def name(self) -> str:
        """The method and the path, as the documentation names a control."""
        return f"{self.method} {ROOT}{self.path}"

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Carry the control out and answer JSON."""
        world = request.app[WORLD]
        try:
            content = await _body_of(request)
            if not self.more:
                fields.check(self.body, content, self.name)
            status, answer = self.action(world, content)
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)
        if self.method != "GET":
            world.promise()
            await request.app[COMMIT]()
        response = web.json_response(answer, status=status)
        if self.path == _OUTAGE:
            # Answer first: the outage takes this connection, too.
            await response.prepare(request)
            await response.write_eof()
            request.app[BREAK_OFF](content["seconds"])
        return response


async def _body_of(request: web.Request) -> dict[str, Any]:
    body = parse_json(await request.read() or b"{}")
    if not isinstance(body, dict):
        raise ValueError("The body must be a JSON object.")
    return body


def _state(world: World, _: dict[str, Any]) -> tuple[int, Any]:
    state: dict[str, Any] = {
        "clock": {"now": world.clock.now(), "offset_seconds": world.clock.offset_seconds},
        "calls": dict(sorted(world.calls.items())),
        "transfer": asdict(world.transfer),
        "faults": [fault.describe() for fault in world.faults.orders],
        "switches": _values(world),
    }
    for platform in world.platforms.values():
        for name, part in platform.describe().items():
            if isinstance(part, list):
                state.setdefault(name, []).extend(part)
            else:
                state.setdefault(name, {}).update(part)
    return 200, state


def _journal(world: World, _: dict[str, Any]) -> tuple[int, Any]:
    return 200, {"calls": list(world.journal)}


def _list_faults(world: World, _: dict[str, Any]) -> tuple[int, Any]:
    return 200, {"faults": [fault.describe() for fault in world.faults.orders]}


def _order_fault(world: World, body: dict[str, Any]) -> tuple[int, Any]:
    return 201, world.order_fault(body).describe()


def _clear_faults(world: World, _: dict[str, Any]) -> tuple[int, Any]:
    world.faults.clear()
    return 200, {"faults": []}


def _move_clock(world: World, body: dict[str, Any]) -> tuple[int, Any]:
    world.clock.advance(body["advance_seconds"])
    return 200, {"now": world.clock.now(), "offset_seconds": world.clock.offset_seconds}


def _set_switches(world: World, body: dict[str, Any]) -> tuple[int, Any]:
    owners = {field.name: part for part in _parts(world) for field in switches.declared(part)}
    known = [field for part in _parts(world) for field in switches.declared(part)]
    fields.check(known, body, "This emulator")
    for name, value in body.items():
        setattr(owners[name], name, value)
    return 200, _values(world)


def _values(world: World) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for part in _parts(world):
        merged |= asdict(part)
    return merged


def _parts(world: World) -> list[Any]:
    return [world.switches, *(platform.switches for platform in world.platforms.values())]


def _break_off(_: World, body: dict[str, Any]) -> tuple[int, Any]:
    return 202, {"seconds": body["seconds"]}


def _seed_account(world: World, body: dict[str, Any]) -> tuple[int, Any]:
    platform = world.platform(body.get("platform"))
    fields.check((PLATFORM, *platform.account_fields), body, f"An account of {platform.name}")
    return 201, platform.seed_account(body)


def _seed_client(world: World, body: dict[str, Any]) -> tuple[int, Any]:
    return 201, world.platform(body.get("platform")).seed_client(body)


def _reset(world: World, _: dict[str, Any]) -> tuple[int, Any]:
    world.reset()
    return 200, {"reset": True}


_OUTAGE = "/outage"
PLATFORM = Field("platform", "text", "youtube or facebook; youtube if left out.")
_STATE = "accounts, channels, Pages, videos, sessions, counters, quota, faults, switches"

CONTROLS = (
    Control("GET", "/state", "Shows the world.", _STATE, _state),
    Control(
        "GET",
        "/journal",
        "Shows the operations that were called last.",
        "calls: their names in their order, at most 1000",
        _journal,
    ),
    Control(
        "POST",
        "/faults",
        "Orders a fault.",
        "201 and the order with its id",
        _order_fault,
        (*ORDER, FINAL.field),
        more="Besides, the options of the kind.",
    ),
    Control(
        "GET", "/faults", "Lists the orders.", "faults: each with how often it fired", _list_faults
    ),
    Control("DELETE", "/faults", "Forgets all orders.", "faults: none", _clear_faults),
    Control(
        "POST",
        "/clock",
        "Moves the emulator's time forward.",
        "now and offset_seconds",
        _move_clock,
        (Field("advance_seconds", "number", "How far, in seconds.", required=True, least=0),),
    ),
    Control(
        "POST",
        "/switches",
        "Sets switches by name; a wrong one changes none.",
        "the value of every switch",
        _set_switches,
        more="Any switches by their names.",
    ),
    Control(
        "POST",
        _OUTAGE,
        "Cuts every connection, and takes none for so long.",
        "202 and seconds",
        _break_off,
        (Field("seconds", "number", "How long, in seconds.", required=True, least=0.001),),
    ),
    Control(
        "POST",
        "/accounts",
        "Adds an account, or changes one there is.",
        "201 and the account",
        _seed_account,
        (PLATFORM,),
        more="Besides, what the platform lists under its accounts.",
    ),
    Control(
        "POST",
        "/clients",
        "Adds or changes an OAuth client; what is not named stays as it is.",
        "201, client_id, redirect_uris, deleted",
        _seed_client,
        (
            PLATFORM,
            Field("client_id", "text", "Which client; a number on facebook.", required=True),
            Field("client_secret", "text", "Its secret."),
            Field("redirect_uris", "list", "Where it may send browsers, beside loopback."),
            Field("deleted", "boolean", "The client was deleted."),
        ),
    ),
    Control("POST", "/reset", "Goes back to the seeds.", "reset: true", _reset),
)


def routes() -> list[web.RouteDef]:
    """Return the routes of the controls."""
    return [web.route(each.method, ROOT + each.path, each.serve) for each in CONTROLS]
