"""Delivery of webhooks: signed, with a few retries, in the background.

A slow or unreachable receiver delays no request. A delivery that was unfinished when the emulator
stopped starts again after the next start, so a change may be delivered twice, as at Meta. Meta
retries for 36 hours; the emulator makes four attempts within seconds.
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial

from aiohttp import ClientError

from emulator.meta.login.records import Ledger
from emulator.meta.loopback import loopback_request
from emulator.meta.people import Directory
from emulator.meta.publishing.library import Library
from emulator.meta.webhooks.changes import Change, changes_of
from emulator.meta.webhooks.records import Delivery, Hooks
from emulator.world import World

_LOOK_SECONDS = 0.1
_CALL_SECONDS = 10
_WAITS = (0.0, 0.5, 2.0, 5.0)  # seconds before each attempt


@dataclass(slots=True)
class Notifier:
    """Finds changes and delivers them."""

    world: World
    ledger: Ledger
    directory: Directory
    library: Library
    hooks: Hooks
    _underway: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    async def run(self) -> None:
        """Deliver changes until cancelled; unfinished deliveries are cancelled, too."""
        try:
            while True:
                self._start_deliveries()
                await asyncio.sleep(_LOOK_SECONDS)
        finally:
            for task in list(self._underway.values()):
                task.cancel()

    def _start_deliveries(self) -> None:
        for key, delivery, change in self._undelivered():
            task = asyncio.create_task(self._deliver(key, delivery, change))
            self._underway[key] = task
            task.add_done_callback(partial(self._forget, key))

    def _forget(self, key: str, _: asyncio.Task[None]) -> None:
        self._underway.pop(key, None)

    def _undelivered(self) -> Iterable[tuple[str, Delivery, Change]]:
        now = self.world.clock.now()
        installed = {page: apps for page, apps in self.hooks.pages.items() if apps}
        if not installed or not self.hooks.subscriptions:
            return
        for video in list(self.library.videos.values()):
            page = self.directory.pages.get(video.page)
            if page is None or video.page not in installed:
                continue
            changes = list(changes_of(video, page, now))
            for app, installation in installed[video.page].items():
                subscription = self.hooks.subscriptions.get(app)
                if subscription is None:
                    continue
                for change in changes:
                    wanted = change.field in installation.fields
                    wanted = wanted and change.field in subscription.fields
                    key = f"{app} {video.id} {change.field}"
                    if key in self.hooks.deliveries or key in self._underway or not wanted:
                        continue
                    if change.moment >= installation.since:
                        yield key, Delivery(app, page.id, video.id, change.field), change

    async def _deliver(self, key: str, delivery: Delivery, change: Change) -> None:
        deliveries = self.hooks.deliveries  # a reset replaces it, and ends this delivery
        for wait in _WAITS:
            await asyncio.sleep(wait)
            subscription = self.hooks.subscriptions.get(delivery.app)
            app = self.ledger.apps.get(delivery.app)
            if subscription is None or app is None or self.hooks.deliveries is not deliveries:
                return
            body = self._body(delivery, change)
            delivery.attempts += 1
            delivery.status = await _call(subscription.callback_url, body, app.secret)
            delivery.delivered = delivery.status == 200
            if delivery.delivered:
                break
        deliveries[key] = delivery
        self.world.changes += 1

    def _body(self, delivery: Delivery, change: Change) -> bytes:
        entry = {
            "id": delivery.page,
            "time": int(self.world.clock.now()),
            "changes": [{"field": change.field, "value": change.value}],
        }
        return json.dumps({"object": "page", "entry": [entry]}, separators=(",", ":")).encode()


async def _call(address: str, body: bytes, secret: str) -> int:
    """Send one webhook and return the HTTP status, 0 without a response."""
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "facebookexternalua",
        "X-Hub-Signature": f"sha1={hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()}",
        "X-Hub-Signature-256": f"sha256={hmac.digest(secret.encode(), body, 'sha256').hex()}",
    }
    try:
        async with loopback_request(
            "POST", address, seconds=_CALL_SECONDS, data=body, headers=headers
        ) as answer:
            return answer.status
    except (ClientError, TimeoutError, OSError):
        return 0
