"""The platforms that this process can publish to, by name.

Adding a platform is one entry in `build_registry`. A platform without app credentials is
not there: asking for it is answered like any unknown name.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.errors import InvalidRequest
from media.policy import SourcePolicy
from platforms.protocol import Platform
from platforms.youtube import GoogleApp, YouTube


@dataclass(frozen=True, slots=True)
class Registry:
    """Adapters by name. They are thread-safe, so one registry serves a process."""

    platforms: Mapping[str, Platform]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.platforms)

    def get(self, name: str) -> Platform:
        """Raises `InvalidRequest` (code `unknown_platform`) for a name that is not there."""
        platform = self.platforms.get(name)
        if platform is None:
            known = ", ".join(self.names) or "none; the operator has to set app credentials"
            sentence = f"There is no such platform. Known: {known}."
            raise InvalidRequest("unknown_platform", sentence, details={"platform": [sentence]})
        return platform


def build_registry(
    *,
    google: GoogleApp | None,
    chunk_size: int,
    policy: SourcePolicy,
    youtube_manages: bool = False,
) -> Registry:
    """Build an adapter for each platform that has app credentials. Makes no call.

    `youtube_manages`: ask for the scope that captions and playlists need.
    """
    platforms: list[Platform] = []
    if google is not None:
        platforms.append(
            YouTube(google, chunk_size=chunk_size, policy=policy, manages=youtube_manages)
        )
    return Registry({platform.name: platform for platform in platforms})
