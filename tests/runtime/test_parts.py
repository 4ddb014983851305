"""The key set of an installation: made once, and missed when it is gone."""

from pathlib import Path

import pytest

from domain.errors import CastlineError
from domain.secrets import Secret
from runtime.parts import build_parts, ensure_keyset
from runtime.settings import Settings
from store.engine import Store
from store.queries import workspaces
from store.queries.access import connections, credentials
from store.vault import Vault


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.model_validate({"data_dir": tmp_path, "database_url": None, "keyset": None})


@pytest.fixture
def store(settings: Settings) -> Store:
    store = Store(settings.database)
    store.migrate()
    return store


def connect(store: Store, vault: Vault) -> None:
    with store.write() as session:
        workspace = workspaces.create_workspace(session, name="acme")
        connection = connections.ensure_connection(
            session,
            workspace_id=workspace.id,
            platform="youtube",
            account_id="UC1",
            name="A channel",
            handle=None,
            thumbnail_url=None,
            scopes=[],
            organization_id=None,
        )
        credentials.keep_credential(
            session,
            vault,
            connection.id,
            secret=Secret("token"),
        )


def test_a_new_installation_gets_a_key_set_and_keeps_it(settings: Settings, store: Store) -> None:
    ensure_keyset(settings, store)
    made = settings.keyset_file.read_text()
    ensure_keyset(settings, store)
    assert settings.keyset_file.read_text() == made
    assert settings.keyset_file.stat().st_mode & 0o777 == 0o600


def test_a_lost_key_set_is_missed_at_once_and_not_replaced(
    settings: Settings, store: Store
) -> None:
    ensure_keyset(settings, store)
    connect(store, build_parts(settings).vault)
    settings.keyset_file.unlink()
    with pytest.raises(CastlineError) as caught:
        ensure_keyset(settings, store)
    assert caught.value.code == "keyset_lost"
    assert not settings.keyset_file.exists()
