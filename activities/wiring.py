"""The activities with all that they need, by the queue they run on."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from activities.access.connecting import TicketActivities
from activities.access.credentials import CredentialKeeper
from activities.contract.assignments import AssignmentInput
from activities.publishing.processing import PublishingActivities
from activities.publishing.recording import RecordingActivities
from activities.publishing.transferring import TransferActivities
from activities.repairing import RepairActivities
from domain.wakes import Wake
from media.policy import SourcePolicy
from platforms.registry import Registry
from store.engine import Store
from store.vault import Vault


@dataclass(frozen=True, slots=True)
class Activities:
    short: list[Callable[..., Any]]
    """For `domain.queues.WORKFLOW_QUEUE`."""
    transfer: list[Callable[..., Any]]
    """For `domain.queues.TRANSFER_QUEUE`."""


def build(
    *,
    store: Store,
    vault: Vault,
    registry: Registry,
    policy: SourcePolicy,
    start_assignment: Callable[[AssignmentInput], Awaitable[None]],
    wake: Callable[[Wake], Awaitable[None]],
    url: str,
) -> Activities:
    keeper = CredentialKeeper(store, vault, registry)
    tickets = TicketActivities(store, vault, registry)
    transfers = TransferActivities(store, vault, registry, keeper, policy)
    publishing = PublishingActivities(store, registry, keeper)
    recording = RecordingActivities(store)
    repair = RepairActivities(store, registry, start_assignment, wake)
    return Activities(
        short=[
            tickets.connect,
            tickets.settle_ticket,
            publishing.await_processing,
            publishing.run_step,
            recording.record,
            recording.edit,
            repair.reconcile,
        ],
        transfer=[transfers.transfer, transfers.discard_session],
    )
