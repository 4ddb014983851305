"""What the methods of the API share: the state, the rules and the time."""

from dataclasses import dataclass

from emulator.clock import Clock
from emulator.google.accounts import Directory
from emulator.google.switches import Switches
from emulator.google.youtube.access import Access
from emulator.google.youtube.library import Library
from emulator.google.youtube.quota import Meter


@dataclass(frozen=True, slots=True)
class Service:
    """The parts that a method is given."""

    clock: Clock
    switches: Switches
    directory: Directory
    library: Library
    access: Access
    meter: Meter
