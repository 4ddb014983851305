"""The parts of a process, built from the settings in one place for worker, API and command.

Nothing is contacted here: the store connects at its first use, the platforms at their
first call. A missing or exposed key set is refused before anything else happens.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url

from domain.errors import CastlineError
from domain.secrets import Secret
from media.policy import SourcePolicies
from platforms.facebook import Facebook, MetaApp
from platforms.protocol import Platform
from platforms.registry import Registry
from platforms.youtube import GoogleApp, YouTube
from runtime.settings import Settings
from store.engine import Store
from store.keyring import Keyring, ensure_keyset_file
from store.queries import workspaces
from store.queries.access.credentials import has_credentials
from store.vault import Vault
from transport.proxies import Way


@dataclass(frozen=True, slots=True)
class Parts:
    settings: Settings
    store: Store
    keyring: Keyring
    vault: Vault
    registry: Registry
    policies: SourcePolicies


def build_parts(settings: Settings) -> Parts:
    """Return the parts. Raises `CastlineError` when the key set cannot be used."""
    keyring = load_keyring(settings)
    vault = Vault(keyring)
    store = build_store(settings, vault)
    return Parts(
        settings=settings,
        store=store,
        keyring=keyring,
        vault=vault,
        registry=build_registry(settings),
        policies=build_policies(settings, store),
    )


def build_registry(settings: Settings) -> Registry:
    """An adapter for each platform that has app credentials.

    Adding a platform is one builder, and its entry here.
    """
    platforms = [build(settings) for build in (_youtube, _facebook)]
    return Registry({platform.name: platform for platform in platforms if platform is not None})


def build_store(settings: Settings, vault: Vault | None = None) -> Store:
    """The database. Without a vault it opens no sealed text."""
    return Store(settings.database, vault, synchronous=settings.sqlite_synchronous)


def build_policies(settings: Settings, store: Store) -> SourcePolicies:
    """What each workspace may have read, by its media roots in the store."""

    def roots_of(workspace_id: str) -> Sequence[Path]:
        with store.read() as session:
            return workspaces.find_media_roots(
                session, workspace_id, of_the_oldest=settings.media_roots
            )

    return SourcePolicies(
        data_dir=settings.data_dir,
        roots_of=roots_of,
        secrets=(settings.keyset_file, *database_files(settings)),
        allow_private=settings.allow_private_sources,
        ports=settings.source_ports,
        proxies=settings.proxies(Way.SOURCES),
    )


def database_files(settings: Settings) -> tuple[Path, ...]:
    """The files of an SQLite database, which may lie outside the data folder; else none."""
    url = make_url(settings.database)
    if url.get_backend_name() != "sqlite" or not url.database:
        return ()
    return tuple(Path(url.database + suffix) for suffix in ("", "-wal", "-shm", "-journal"))


def ensure_keyset(settings: Settings, store: Store) -> None:
    """Make the key set file of a new installation. Idempotent; the schema must be current.

    Raises `CastlineError` (code `keyset_lost`) when there are credentials that were sealed with
    a key set which is gone: a fresh one would only hide that until the first publish.
    """
    if settings.keyset is not None:
        return
    if not settings.keyset_file.exists():
        with store.read() as session:
            if has_credentials(session):
                raise CastlineError(
                    "keyset_lost",
                    f"The database holds sealed credentials, but {settings.keyset_file} is gone. "
                    "Put it back from its backup; without it every channel has to be connected "
                    "again, on an empty database.",
                )
    ensure_keyset_file(settings.keyset_file)


def load_keyring(settings: Settings) -> Keyring:
    """Open the key set from the settings, or from its file. Raises `CastlineError`."""
    if settings.keyset is not None:
        return Keyring.from_json(Secret(settings.keyset.get_secret_value()))
    return Keyring.from_file(settings.keyset_file)


def _youtube(settings: Settings) -> Platform | None:
    if settings.google_client_id is None or settings.google_client_secret is None:
        return None
    return YouTube(
        GoogleApp(
            client_id=settings.google_client_id,
            client_secret=Secret(settings.google_client_secret.get_secret_value()),
            auth_url=settings.google_auth_url,
            token_url=settings.google_token_url,
            revoke_url=settings.google_revoke_url,
            api_root=settings.google_api_root,
        ),
        chunk_size=settings.chunk_mib << 20,
        manages=settings.youtube_manages,
        proxies=settings.proxies(Way.PLATFORMS),
    )


def _facebook(settings: Settings) -> Platform | None:
    if settings.meta_app_id is None or settings.meta_app_secret is None:
        return None
    return Facebook(
        MetaApp(
            app_id=settings.meta_app_id,
            app_secret=Secret(settings.meta_app_secret.get_secret_value()),
            dialog_root=settings.meta_dialog_root,
            graph_root=settings.meta_graph_root,
            version=settings.meta_graph_version,
        ),
        chunk_size=settings.chunk_mib << 20,
        proxies=settings.proxies(Way.PLATFORMS),
    )
