"""Our own part of the origin: look at the world, move its time, order trouble.

Everything under `/_emulator/` is JSON in and out, needs no key, and never shows a
token, a code or a session address. An order that makes no sense is answered with 400
and a sentence.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, fields
from typing import Any

from aiohttp import web

from emulator.calls import WORLD
from emulator.faults import COMMON_KINDS
from emulator.world import World

CONTROLS = {
    "GET /_emulator/state": "accounts, channels, Pages, videos, sessions, counters, quota, faults, "
    "switches",
    "GET /_emulator/journal": "the operations that were called last, in their order",
    "POST /_emulator/faults": "order a fault: operation, kind, times, skip, final, owner, options; "
    "platform where two have the operation",
    "GET /_emulator/faults": "the orders, and how often each fired",
    "DELETE /_emulator/faults": "forget all orders",
    "POST /_emulator/clock": '{"advance_seconds": n}',
    "POST /_emulator/switches": "set switches by name; the answer shows them all",
    "POST /_emulator/outage": '{"seconds": n}: cuts every connection, and takes none for so long',
    "POST /_emulator/accounts": "add an account: platform, email, name, unticked, "
    "channels or pages; or change one there is: remove_app, and on Facebook password_changed, "
    "roles",
    "POST /_emulator/clients": "add or change an OAuth client: platform, client_id, "
    "client_secret, redirect_uris, deleted",
    "POST /_emulator/reset": "back to the seeds",
}

_Action = Callable[[World, dict[str, Any]], tuple[int, Any]]

BREAK_OFF: web.AppKey[Callable[[float], None]] = web.AppKey("break_off")
"""Begins an outage of so many seconds, at once."""


def routes() -> list[web.RouteDef]:
    """Return the control routes."""
    root = "/_emulator"
    return [
        web.get(f"{root}/", _control(_help)),
        web.get(f"{root}/state", _control(_state)),
        web.get(f"{root}/journal", _control(_journal)),
        web.get(f"{root}/faults", _control(_list_faults)),
        web.post(f"{root}/faults", _control(_order_fault)),
        web.delete(f"{root}/faults", _control(_clear_faults)),
        web.post(f"{root}/clock", _control(_move_clock)),
        web.post(f"{root}/switches", _control(_set_switches)),
        web.post(f"{root}/outage", _break_off),
        web.post(f"{root}/accounts", _control(_seed_account)),
        web.post(f"{root}/clients", _control(_seed_client)),
        web.post(f"{root}/reset", _control(_reset)),
    ]


def _control(action: _Action) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        world = request.app[WORLD]
        try:
            status, content = action(world, await _body_of(request))
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)
        if request.method != "GET":
            world.changes += 1
        return web.json_response(content, status=status)

    return answer


async def _body_of(request: web.Request) -> dict[str, Any]:
    body = json.loads(await request.text() or "{}")
    if not isinstance(body, dict):
        raise ValueError("The body must be a JSON object.")
    return body


async def _break_off(request: web.Request) -> web.StreamResponse:
    """Answer first: the outage takes this connection, too."""
    try:
        seconds = _number_of(await _body_of(request), "seconds")
        if seconds <= 0:
            raise ValueError("An outage takes more than no time.")
    except ValueError as error:
        return web.json_response({"error": str(error)}, status=400)
    answer = web.json_response({"seconds": seconds}, status=202)
    await answer.prepare(request)
    await answer.write_eof()
    request.app[BREAK_OFF](seconds)
    return answer


def _number_of(body: dict[str, Any], name: str) -> float:
    number = body.get(name)
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise ValueError(f'This takes {{"{name}": a number}}.')
    return number


def _help(world: World, _: dict[str, Any]) -> tuple[int, Any]:
    return 200, {
        "controls": CONTROLS,
        "switches": asdict(world.switches),
        "platforms": {
            platform.name: {
                "faults": {
                    operation: sorted(COMMON_KINDS | kinds)
                    for operation, kinds in sorted(platform.faults.items())
                },
                "switches": asdict(platform.switches),
            }
            for platform in world.platforms.values()
        },
    }


def _state(world: World, _: dict[str, Any]) -> tuple[int, Any]:
    state: dict[str, Any] = {
        "clock": {"now": world.clock.now(), "offset_seconds": world.clock.offset_seconds},
        "calls": dict(sorted(world.calls.items())),
        "transfer": asdict(world.transfer),
        "faults": [fault.describe() for fault in world.faults.orders],
        "switches": _switches(world),
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
    world.clock.advance(_number_of(body, "advance_seconds"))
    return 200, {"now": world.clock.now(), "offset_seconds": world.clock.offset_seconds}


def _set_switches(world: World, body: dict[str, Any]) -> tuple[int, Any]:
    owners = {field.name: part for part in _parts(world) for field in fields(part)}
    for name, value in body.items():
        if name not in owners:
            raise ValueError(f"There is no switch {name}. There is: {', '.join(sorted(owners))}.")
        if not _fits(getattr(owners[name], name), value):
            raise ValueError(f"The switch {name} does not take the value {value!r}.")
    for name, value in body.items():
        setattr(owners[name], name, value)
    return 200, _switches(world)


def _fits(current: object, value: object) -> bool:
    if isinstance(current, bool) or isinstance(value, bool):
        return isinstance(current, bool) and isinstance(value, bool)
    number = isinstance(value, (int, float)) and value >= 0
    return number and (isinstance(current, float) or isinstance(value, int))


def _switches(world: World) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for part in _parts(world):
        merged |= asdict(part)
    return merged


def _parts(world: World) -> list[Any]:
    return [world.switches, *(platform.switches for platform in world.platforms.values())]


def _seed_account(world: World, body: dict[str, Any]) -> tuple[int, Any]:
    platform = world.platform(body.get("platform"))
    known = {"platform", *platform.account_fields}
    if unknown := sorted(body.keys() - known):
        raise ValueError(f"{platform.name} does not know {unknown}, but {sorted(known)}.")
    return 201, platform.seed_account(body)


def _seed_client(world: World, body: dict[str, Any]) -> tuple[int, Any]:
    return 201, world.platform(body.get("platform")).seed_client(body)


def _reset(world: World, _: dict[str, Any]) -> tuple[int, Any]:
    world.reset()
    return 200, {"reset": True}
