"""When a connection is looked at next.

Pure: what is known of its end, and a little luck, in; a moment out. The luck spreads the looks
over the day, also those at connections that were made in the same minute.
"""

from datetime import datetime, timedelta

SOONEST = timedelta(hours=1)
"""Between two looks at a connection whose end is near."""

FIRST_PAUSE = timedelta(minutes=5)
"""After a blip; each further one in a row makes the pause three times as long."""

LUCK = 0.1
"""A pause is up to a tenth shorter or longer."""


def next_check(
    end: datetime | None, *, now: datetime, every: timedelta, luck: float = 0.0
) -> datetime:
    """After a look that told something. `luck` lies between -1 and 1.

    Before an `end` it comes ever sooner, at half the time that is left, so that nobody learns
    of it a day late.
    """
    pause = every
    if end is not None and end > now:
        pause = min(every, max((end - now) / 2, SOONEST))
    return now + pause * (1 + LUCK * luck)


def check_after_blip(
    failures: int, *, now: datetime, every: timedelta, luck: float = 0.0
) -> datetime:
    """After a look that told nothing, the `failures`th in a row: soon, then ever more rarely."""
    # Beyond the tenth the power has long outgrown any pause.
    pause = min(every, FIRST_PAUSE * 3.0 ** min(failures - 1, 10))
    return now + pause * (1 + LUCK * luck)
