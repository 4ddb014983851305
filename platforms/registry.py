"""The platforms that this process can publish to, by name.

A platform without app credentials is not there, and asking for it says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.errors import InvalidRequest, PlatformNotConfigured
from domain.states import PlatformName
from platforms.protocol import Platform


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
