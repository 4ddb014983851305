"""Which places a video may be read from.

A source address comes from a caller of the API, so it is never trusted: a file must
lie under a folder that the operator has named, a URL must be https and lead to a public
address. `allow_private` lifts the second rule for machines that are their own network.
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SourcePolicy:
    """What the operator allows. Without roots no file may be read at all."""

    roots: tuple[Path, ...] = ()
    allow_private: bool = False
    """Private, loopback and link-local addresses, and plain http."""
