"""After a restore: what the customer does about work that the database no longer knows.

Whatever was accepted after the snapshot is asked for, first by its id and then by its `externalId`.
What is not there is posted again, with the same key, unless the customer knows how it ended: from a
webhook that has come, or from the orphans that Castline lists. What stays
`unconfirmed` waits for up to a day until the platform's list is believed, so a person looks at the
account and forces a retry where no video is.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from chaos.customer import Accepted, Customer
from chaos.deeds import Order
from chaos.facts import Row
from chaos.judging import end_of, injected_failure
from testkit.clips import Clip


@dataclass(frozen=True, slots=True)
class Gap:
    customer: Customer
    told: Sequence[Row]
    """The webhooks so far."""
    list_orphans: Callable[[], Awaitable[Sequence[Row]]]

    async def ask(self, order: Order, before: Accepted, clip: Clip) -> Accepted | None:
        """What stands for the order now: `before` where it is known; None where it has ended and
        no assignment stands for it."""
        if await self.customer.knows(before.assignment_id):
            return before
        if found := await self.customer.find(order):
            return Accepted(found, before.tries)
        if end_of(before.assignment_id, self.told, await self.list_orphans()):
            return None
        return await self.customer.post(order, clip)


def absent(rows: Sequence[Row], titles: Mapping[str, str], videos: Sequence[Row]) -> list[str]:
    """The unconfirmed assignments of which the platforms have no video: their ids. Pure.

    A video that the platform refused is none: it is in no list. `titles` has the title of each
    `externalId`.
    """
    there = {video["title"] for video in videos if injected_failure(video) is None}
    return [
        row["id"]
        for row in rows
        if row["state"] == "unconfirmed" and titles[row["externalId"]] not in there
    ]
