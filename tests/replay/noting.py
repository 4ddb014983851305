"""What an outcome is, and how a way to one is noted.

A way is a function that walks through an installation and returns the id of the workflow that
went it; its note says the states that the workflow showed, and where it is walked if not on the
usual installation. The name of the function is that of the file which holds the history.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from tests.support.stack import Tenant

REAUTH_DAYS = 2
"""How long the installation waits for a person in which the ways are walked."""

Bring = TypeVar("Bring", bound=Callable[[Tenant], Awaitable[str]])


@dataclass(frozen=True)
class Installation:
    """Where a way is walked."""

    works: bool = True
    """A worker is there from the start; else the way brings those that it needs."""
    calls_long: bool = False
    """Its server calls every history long, so a workflow that can goes on in another run."""
    is_narrow: bool = False
    """One transfer and one consent of a workspace at a time; a source is slow after 2 seconds."""

    manages: bool = False
    """A consent asks for the scope of captions and playlists, too."""


USUAL = Installation()
UNATTENDED = Installation(works=False)
CONTINUING = Installation(calls_long=True)
NARROW = Installation(is_narrow=True)
MANAGING = Installation(manages=True)


@dataclass(frozen=True)
class Outcome:
    """`bring` it about, and get the id of the workflow, which goes through these states."""

    bring: Callable[[Tenant], Awaitable[str]]
    states: list[str]
    on: Installation
    is_first_run: bool
    """The workflow goes on in another run, and what is recorded is the one before."""


class Outcomes(dict[str, Outcome]):
    """By the name of the file that holds the history."""

    def noted(
        self, *states: str, on: Installation = USUAL, is_first_run: bool = False
    ) -> Callable[[Bring], Bring]:
        def note(bring: Bring) -> Bring:
            name = bring.__name__.replace("_", "-")
            self[name] = Outcome(bring, list(states), on, is_first_run)
            return bring

        return note
