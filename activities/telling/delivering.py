"""Works on a line: what is due is sent, in its order, until nothing is.

Each try is a look at the database, a request without any transaction open, and a short write of
what came of it; a crash in between costs the receiver a second copy under the same id. How an
endpoint fares is in the rows: neither its URL nor what it is told passes through Temporal.
"""

import asyncio
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

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


@dataclass(frozen=True, slots=True)
class _Due:
    delivery: Delivery
    message: Message


class DeliveryActivities(DeliverySteps):
    def __init__(self, store: Store, vault: Vault, wording: Wording, sender: Sender) -> None:
        self._store = store
        self._vault = vault
        self._wording = wording
        self._sender = sender

    @activity.defn
    async def deliver(self, line: DeliveryInput) -> Line:
        until = time.monotonic() + SPELL_SECONDS
        while time.monotonic() < until and not activity.is_worker_shutdown():
            first = await asyncio.to_thread(self._look, line)
            if isinstance(first, Line):
                return first
            reply = await self._sender.send(first.message)
            await asyncio.to_thread(self._log, first.delivery, reply)
        return Line(due_at=datetime.now(UTC))

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
            if endpoint is not None and endpoint.is_enabled:
                return _Due(first, self._message(session, first, endpoint, now))
        # Deleted, or disabled while this was written.
        with self._store.write() as session:
            endpoints.discard_line(session, line.endpoint_id)
        return Line()

    def _message(
        self, session: Session, delivery: Delivery, endpoint: Endpoint, now: datetime
    ) -> Message:
        event = get_event_by_id(session, delivery.event_id)
        return Message(
            event_id=event.id,
            body=json.dumps(self._wording.of(session, event), separators=(",", ":")),
            url=delivery.url or endpoint.url or "",
            secrets=endpoints.signing_secrets(self._vault, endpoint, now),
        )

    @translated
    def _log(self, sent: Delivery, reply: Reply) -> None:
        attempt = deliveries.Attempt(reply.at, reply.answer, reply.status, reply.milliseconds)
        due_at = next_try(
            sent.attempt_count + 1, after=datetime.now(UTC), retry_after=reply.retry_after
        )
        try:
            with self._store.write() as session:
                deliveries.log_attempt(session, sent.endpoint_id, sent.id, attempt, due_at=due_at)
        except NotFound:
            return  # deleted while it was told
