"""The parts of a process, built from the settings in one place for worker, API and command.

Nothing is contacted here: the store connects at its first use, the platforms at their
first call. A missing or exposed key set is refused before anything else happens.
"""

from dataclasses import dataclass

from domain.errors import CastlineError
from domain.secrets import Secret
from media.policy import SourcePolicy
from platforms.registry import Registry, build_registry
from settings import Settings
from store.engine import Store
from store.keyring import Keyring, ensure_keyset_file
from store.queries.access.credentials import has_credentials
from store.vault import Vault


@dataclass(frozen=True, slots=True)
class Parts:
    settings: Settings
    store: Store
    keyring: Keyring
    vault: Vault
    registry: Registry
    policy: SourcePolicy


def build_parts(settings: Settings) -> Parts:
    """Return the parts. Raises `CastlineError` when the key set cannot be used."""
    keyring = load_keyring(settings)
    vault = Vault(keyring)
    policy = SourcePolicy(
        # The second one: what customers uploaded to the API's resumable intake.
        roots=(*settings.media_roots, settings.data_dir / "media"),
        allow_private=settings.allow_private_sources,
    )
    return Parts(
        settings=settings,
        store=Store(settings.database, vault),
        keyring=keyring,
        vault=vault,
        registry=build_registry(settings, policy),
        policy=policy,
    )


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
