"""The platforms that this process can publish to, by name.

A platform without app credentials is not there: asking for it is answered like any unknown name.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.errors import InvalidRequest
from platforms.protocol import Platform


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
