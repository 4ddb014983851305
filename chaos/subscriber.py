"""An endpoint of the customer's for webhooks, which fails now and then.

Of a hundred webhooks some are refused, and of some the answer is lost although they were taken:
both have to come again. What counts as told is what was taken, in the order in which it was. No
webhook meets that more than twice: the pauses after that are minutes, and the run waits for them.
"""

import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

_REFUSED, _UNANSWERED = 0.04, 0.02
_FAILURES = 2


class Subscriber:
    def __init__(self, seed: int) -> None:
        self.told: list[dict[str, Any]] = []
        self.is_moody = True
        self._chance = random.Random(seed)  # noqa: S311
        self._failures: Counter[str] = Counter()

    async def take(self, request: web.Request) -> web.Response:
        try:
            event = await request.json()
        except ConnectionError:
            return web.Response(status=400)  # who was telling it has been killed
        is_moody = self.is_moody and self._failures[event["id"]] < _FAILURES
        mood = self._chance.random() if is_moody else 1.0
        self._failures[event["id"]] += mood < _REFUSED + _UNANSWERED
        if mood < _REFUSED:
            return web.Response(status=503)
        self.told.append(event)
        if mood < _REFUSED + _UNANSWERED and request.transport:
            request.transport.abort()
        return web.Response(status=204)


@asynccontextmanager
async def listening(subscriber: Subscriber) -> AsyncIterator[str]:
    """Serve the endpoint; gives its address."""
    app = web.Application()
    app.add_routes([web.post("/hook", subscriber.take)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    finally:
        await runner.cleanup()
