"""The API over ASGI, on a real store in a temporary folder, with two workspaces."""

import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI

from activities.access.credentials import CredentialKeeper
from activities.access.reauth_links import ReauthLinks
from api.app import create_app
from api.context import Context, make_source_reads
from platforms.registry import Registry
from runtime.reconcile.rebuilding import Rebuilder
from runtime.settings import Settings
from store.engine import Store
from store.keyring import Keyring, create_keyset
from store.queries import workspaces
from store.vault import Vault
from tests.support.api import (
    PUBLIC_URL,
    DirectedFacebook,
    DirectedYouTube,
    Tenant,
    client,
    tenant_of,
)
from tests.support.attachments import policies
from tests.support.lifecycles import DirectedLifecycles


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with the current schema, to be copied."""
    path = tmp_path_factory.mktemp("api") / "migrated.db"
    store = Store(f"sqlite:///{path}")
    store.migrate()
    store.close()
    return path


@pytest.fixture
def media(tmp_path: Path) -> Path:
    """The folder that the operator opened."""
    folder = tmp_path / "opened"
    folder.mkdir()
    return folder


@pytest.fixture
def lifecycles() -> DirectedLifecycles:
    return DirectedLifecycles()


@pytest.fixture(scope="session")
def adapter() -> DirectedYouTube:
    return DirectedYouTube()


@pytest.fixture
def youtube(adapter: DirectedYouTube) -> DirectedYouTube:
    adapter.forget()
    return adapter


@pytest.fixture(scope="session")
def facebook_adapter() -> DirectedFacebook:
    return DirectedFacebook()


@pytest.fixture
def facebook(facebook_adapter: DirectedFacebook) -> DirectedFacebook:
    facebook_adapter.forget()
    return facebook_adapter


@pytest.fixture
def make_context(
    migrated: Path,
    tmp_path: Path,
    media: Path,
    lifecycles: DirectedLifecycles,
    youtube: DirectedYouTube,
    facebook: DirectedFacebook,
) -> Iterator[Callable[..., Context]]:
    """Make a context, with other settings where a test wants them."""
    data = tmp_path / "data"
    data.mkdir()
    path = data / "castline.db"
    shutil.copy(migrated, path)
    keyring = Keyring.from_json(create_keyset())
    vault = Vault(keyring)
    store = Store(f"sqlite:///{path}", vault, synchronous="normal")
    registry = Registry({"youtube": youtube, "facebook": facebook})

    def make(**settings: object) -> Context:
        # One application serves a whole run of tests, all from one address.
        rates = dict.fromkeys(("rate_per_address", "rate_per_key", "rate_refused_keys"), 10**6)
        paths = {"public_url": PUBLIC_URL, "data_dir": data, "database_url": None}
        chosen = Settings.model_validate({**paths, **rates, **settings})
        return Context(
            settings=chosen,
            store=store,
            vault=vault,
            keyring=keyring,
            registry=registry,
            policies=policies(media, data_dir=data),
            credentials=CredentialKeeper(store, vault, registry),
            reauth_links=ReauthLinks(vault, PUBLIC_URL),
            lifecycles=lifecycles,
            rebuilder=Rebuilder(store, registry, lifecycles),
            source_reads=make_source_reads(chosen),
        )

    yield make
    store.close()


@pytest.fixture
def context(make_context: Callable[..., Context]) -> Context:
    return make_context()


@pytest.fixture(scope="session")
def assembled() -> list[FastAPI]:
    """The application, once it is made: putting it together takes longer than a test."""
    return []


@pytest.fixture
def app(assembled: list[FastAPI], context: Context) -> FastAPI:
    """The application on this test's context."""
    if not assembled:
        assembled.append(create_app(context))
    assembled[0].state.context = context
    return assembled[0]


@pytest.fixture
async def ours(app: FastAPI) -> AsyncIterator[Tenant]:
    tenant = tenant_of(app, "ours")
    async with tenant.http:
        yield tenant


@pytest.fixture
async def theirs(app: FastAPI) -> AsyncIterator[Tenant]:
    tenant = tenant_of(app, "theirs")
    async with tenant.http:
        yield tenant


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody's browser: no key, but cookies."""
    async with client(app, {"Accept": "text/html"}) as browser:
        yield browser


@pytest.fixture
def operator_key(context: Context) -> str:
    with context.store.write() as session:
        return workspaces.create_key(session, workspace_id=None)[1].reveal()
