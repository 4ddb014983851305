"""What a run has brought to light: the facts for the verdict, and what the figures are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chaos.customer import Accepted
from chaos.deeds import Deed
from chaos.facts import Facts
from chaos.watching import Moves


@dataclass(frozen=True, slots=True)
class Record:
    facts: Facts
    accepted: Sequence[Accepted]
    refusals: Mapping[str, int]
    """What posts were answered with that had to be repeated."""
    refused: Mapping[str, str]
    """By key, what the API would not take, and its word for it."""
    faults: Sequence[Mapping[str, Any]]
    sessions: Sequence[Mapping[str, Any]]
    moves: Mapping[str, Moves]
    strikes: Sequence[float]
    """When a fault was seen to strike."""
    done: Sequence[tuple[Deed, float]]
    """The deeds, each with the moment of its end."""
    struck: Sequence[Mapping[str, Any]]
    """The faults of operators: seconds since the beginning, the plan of each, and what it hit."""
    ended_by_themselves: Mapping[str, int]
    seconds: Mapping[str, float]
