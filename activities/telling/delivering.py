"""Works on a line: what is due is sent, in its order, until nothing is.

Each try is a look at the database, a request without any transaction open, and a short write of
what came of it; a crash in between costs the receiver a second copy under the same id. How an
endpoint fares is in the rows: neither its URL nor what it is told passes through Temporal.
"""

import asyncio
import json
import random
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlmodel import Session
from temporalio import activity

from activities.contract.deliveries import DeliveryInput, DeliverySteps, Line
from activities.failures import translated
from activities.telling.schedule import next_try
from activities.telling.sending import Message, Reply, Sender
from activities.telling.wording import Wording
from domain.errors import NotFound
from store.engine import Store
from store.queries.telling import deliveries, endpoints
from store.queries.telling.events import get_event_by_id
from store.tables import Delivery, Endpoint
from store.vault import Vault

SPELL_SECONDS = 60.0
"""How long one attempt of the activity works on a line before it hands the rest to the next."""

SLACK = timedelta(seconds=1)
"""By which a timer may be early: the clocks of two machines are not one."""


AT_A_TIME = 4
"""Tries of one endpoint under way in a process, so that one that hangs holds up few others."""

_TURN = timedelta(seconds=3)
"""About how long a line waits for its turn, or for a free thread, before it asks again."""

_LONGEST_TURN = timedelta(minutes=1)
"""While the endpoint fails. The first success wakes whatever waits."""


@dataclass(frozen=True, slots=True)
class _Due:
    delivery: Delivery
    message: Message
    failing_since: datetime | None
    """Since when its endpoint has not answered: one try at a time shows whether it does."""

    @property
    def at_a_time(self) -> int:
        return AT_A_TIME if self.failing_since is None else 1

    @property
    def turn(self) -> timedelta:
        """How long to wait for a turn: what has failed for a while is likely to go on so."""
        lasted = datetime.now(UTC) - (self.failing_since or datetime.now(UTC))
        return min(max(lasted, _TURN), _LONGEST_TURN)


class DeliveryActivities(DeliverySteps):
    def __init__(self, store: Store, vault: Vault, wording: Wording, sender: Sender) -> None:
        self._store = store
        self._vault = vault
        self._wording = wording
        self._sender = sender
        self._under_way: Counter[str] = Counter()

    @activity.defn
    async def deliver(self, line: DeliveryInput) -> Line:
        until = time.monotonic() + SPELL_SECONDS
        while time.monotonic() < until and not activity.is_worker_shutdown():
            activity.heartbeat()
            first = await asyncio.to_thread(self._look, line)
            if isinstance(first, Line):
                return first
            if self._under_way[line.endpoint_id] >= first.at_a_time:
                return _later(first.turn)
            reply = await self._send(line, first.message)
            if reply is None:
                return _later(_TURN)
            activity.heartbeat()
            await asyncio.to_thread(self._log, first.delivery, reply)
        return Line(due_at=datetime.now(UTC))

    async def _send(self, line: DeliveryInput, message: Message) -> Reply | None:
        self._under_way[line.endpoint_id] += 1
        try:
            return await self._sender.send(message)
        finally:
            self._under_way[line.endpoint_id] -= 1
            if not self._under_way[line.endpoint_id]:
                del self._under_way[line.endpoint_id]

    @translated
    def _look(self, line: DeliveryInput) -> _Due | Line:
        """What is due now, or how the line stands."""
        now = datetime.now(UTC)
        with self._store.read() as session:
            first = deliveries.find_first(session, line.endpoint_id, line.subject_id)
            if first is None:
                return Line()
            if first.due_at > now + SLACK:
                return Line(due_at=first.due_at)
            endpoint = endpoints.find_endpoint(session, line.endpoint_id)
            if endpoint is None:
                return Line()  # deleted, and its deliveries with it
            if endpoint.is_enabled:
                message = self._message(session, first, endpoint, now)
                return _Due(first, message, endpoint.failing_since)
        # Disabled while this was written; it may be enabled again by now.
        with suppress(NotFound), self._store.write() as session:
            endpoints.discard_line_of_disabled(session, line.endpoint_id)
        return self._look(line)

    def _message(
        self, session: Session, delivery: Delivery, endpoint: Endpoint, now: datetime
    ) -> Message:
        event = get_event_by_id(session, delivery.event_id)
        return Message(
            event_id=event.id,
            body=json.dumps(self._wording.of(session, event), separators=(",", ":")),
            url=delivery.url or endpoint.url or "",
            secrets=endpoints.signing_secrets(self._vault, endpoint, now),
            workspace_id=endpoint.workspace_id,
        )

    @translated
    def _log(self, sent: Delivery, reply: Reply) -> None:
        attempt = deliveries.Attempt(reply.at, reply.answer, reply.status, reply.milliseconds)
        plan = partial(next_try, after=datetime.now(UTC), retry_after=reply.retry_after)
        with suppress(NotFound), self._store.write() as session:  # deleted while it was told
            deliveries.log_attempt(session, sent.endpoint_id, sent.id, attempt, next_try=plan)


def _later(turn: timedelta) -> Line:
    """Nothing was tried. Those who were sent away together do not come back together."""
    return Line(due_at=datetime.now(UTC) + turn * random.uniform(0.5, 1.5))  # noqa: S311
