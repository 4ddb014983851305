"""The activities with all that they need, by the queue they run on."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from activities.access.caring import CareActivities
from activities.access.connecting import TicketActivities
from activities.access.credentials import CredentialKeeper
from activities.access.reauth_links import ReauthLinks
from activities.access.reauthorizing import ReauthActivities
from activities.publishing.processing import PublishingActivities
from activities.publishing.recording import RecordingActivities
from activities.publishing.transferring import TransferActivities
from activities.telling.delivering import DeliveryActivities
from activities.telling.sending import Sender
from activities.telling.wording import Wording
from domain.shares import TransferLimits
from media.policy import SourcePolicies
from platforms.registry import Registry
from store.engine import Store
from store.vault import Vault
from transport.proxies import Proxies


@dataclass(frozen=True, slots=True)
class Activities:
    short: list[Callable[..., Any]]
    """For `domain.queues.WORKFLOW_QUEUE`."""
    consent: list[Callable[..., Any]]
    """For `domain.queues.CONSENT_QUEUE`."""
    step: list[Callable[..., Any]]
    """For `domain.queues.STEP_QUEUE`."""
    poll: list[Callable[..., Any]]
    """For `domain.queues.POLL_QUEUE`."""
    transfer: list[Callable[..., Any]]
    """For `domain.queues.TRANSFER_QUEUE` and `SLOW_TRANSFER_QUEUE`."""
    delivery: list[Callable[..., Any]]
    """For `domain.queues.DELIVERY_QUEUE`."""


def build(
    *,
    store: Store,
    vault: Vault,
    registry: Registry,
    policies: SourcePolicies,
    limits: TransferLimits,
    tell_recovered: Callable[[str], Awaitable[None]],
    tell_gone: Callable[[str], Awaitable[None]],
    ask_to_end: Callable[[str], Awaitable[None]],
    url: str,
    allow_private_webhooks: bool,
    webhook_proxies: Proxies,
    care_every: timedelta,
) -> Activities:
    keeper = CredentialKeeper(store, vault, registry)
    tickets = TicketActivities(store, vault, registry)
    transfers = TransferActivities(store, vault, registry, keeper, policies, limits)
    publishing = PublishingActivities(store, registry, keeper, policies)
    recording = RecordingActivities(store)
    reauth = ReauthActivities(store, tell_recovered, tell_gone, ask_to_end)
    caring = CareActivities(store, keeper, every=care_every)
    deliveries = DeliveryActivities(
        store,
        vault,
        Wording(ReauthLinks(vault, url)),
        Sender(allow_private=allow_private_webhooks, ports=policies.ports, proxies=webhook_proxies),
    )
    return Activities(
        short=[
            tickets.is_claimed,
            tickets.settle_ticket,
            recording.record,
            recording.edit,
            reauth.survey,
            reauth.remind,
            reauth.release,
            reauth.abandon,
            caring.make_due,
            caring.care_for_due,
        ],
        consent=[tickets.connect],
        step=[publishing.run_step],
        poll=[publishing.await_processing, transfers.discard_session],
        transfer=[transfers.transfer],
        delivery=[deliveries.deliver],
    )
