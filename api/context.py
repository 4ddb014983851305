"""What endpoints work with, made once when the process starts.

Endpoints that touch the database are plain functions: FastAPI runs them in its thread
pool, and they reach the lifecycles on the event loop through `on_loop`. The few that
stream or wait are coroutines, and step into a thread for each look at the database.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar, TypeVarTuple

from anyio import from_thread
from fastapi import Depends, Request

from activities.access.credentials import CredentialKeeper
from activities.access.reauth_links import ReauthLinks
from api.source_reads import SourceReads
from media.policy import SourcePolicies
from platforms.registry import Registry
from runtime.lifecycles import Lifecycles
from runtime.parts import Parts
from runtime.process_heartbeat import Heartbeat
from runtime.reconcile.rebuilding import Rebuilder
from runtime.settings import Settings
from store.engine import Store
from store.keyring import Keyring
from store.vault import Vault

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")


@dataclass(frozen=True, slots=True)
class Context:
    settings: Settings
    store: Store
    vault: Vault
    keyring: Keyring
    registry: Registry
    policies: SourcePolicies
    credentials: CredentialKeeper
    reauth_links: ReauthLinks
    lifecycles: Lifecycles
    rebuilder: Rebuilder
    source_reads: SourceReads
    heartbeat: Heartbeat = field(default_factory=Heartbeat)


def make_context(parts: Parts, lifecycles: Lifecycles) -> Context:
    settings = parts.settings
    return Context(
        settings=settings,
        store=parts.store,
        vault=parts.vault,
        keyring=parts.keyring,
        registry=parts.registry,
        policies=parts.policies,
        credentials=CredentialKeeper(parts.store, parts.vault, parts.registry),
        reauth_links=ReauthLinks(parts.vault, settings.url),
        lifecycles=lifecycles,
        rebuilder=Rebuilder(parts.store, parts.registry, lifecycles),
        source_reads=make_source_reads(settings),
    )


def make_source_reads(settings: Settings) -> SourceReads:
    return SourceReads(slots=settings.probe_slots, per_workspace=settings.probes_per_workspace)


async def _context(request: Request) -> Context:
    context = request.app.state.context
    assert isinstance(context, Context)
    return context


Here = Annotated[Context, Depends(_context)]


def on_loop(call: Callable[[*Arguments], Coroutine[Any, Any, T]], *arguments: *Arguments) -> T:
    """Run a coroutine function on the event loop, from an endpoint's thread."""
    return from_thread.run(call, *arguments)
