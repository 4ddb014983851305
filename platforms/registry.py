"""The platforms that this process can publish to, by name.

Adding a platform is one builder and its entry in `build_registry`, the one place below the
entry points that reads the settings. A platform without app credentials is not there, and asking
for it says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.errors import InvalidRequest, PlatformNotConfigured
from domain.secrets import Secret
from domain.states import PlatformName
from platforms.facebook import Facebook, MetaApp
from platforms.protocol import Platform
from platforms.youtube import GoogleApp, YouTube
from settings import Settings
from transport.proxies import Way


@dataclass(frozen=True, slots=True)
class Registry:
    """Adapters by name. They are thread-safe, so one registry serves a process."""

    platforms: Mapping[str, Platform]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.platforms)

    def get(self, name: str) -> Platform:
        """The adapter of that name.

        Raises `InvalidRequest` (code `unknown_platform`) for a name that Castline does not know,
        and `PlatformNotConfigured` for a platform without app credentials.
        """
        platform = self.platforms.get(name)
        if platform is None and name in frozenset(PlatformName):
            raise PlatformNotConfigured(
                "platform_not_configured",
                f"This installation is not configured for {name}. The operator has to set the "
                "platform's app credentials.",
            )
        if platform is None:
            known = ", ".join(self.names) or "none; the operator has to set app credentials"
            sentence = f"There is no such platform. Known: {known}."
            raise InvalidRequest("unknown_platform", sentence, details={"platform": [sentence]})
        return platform


def build_registry(settings: Settings) -> Registry:
    """Build an adapter for each platform that has app credentials. Makes no call."""
    platforms = [build(settings) for build in (_youtube, _facebook)]
    return Registry({platform.name: platform for platform in platforms if platform is not None})


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
