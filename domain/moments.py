"""The moments that a request may carry: one form, one span of years, one way to be written. Pure.

Whether a moment has to lie ahead depends on its field, so that is asked for separately, and only
where a request is accepted: a repetition of a request is not judged by its own time.
"""

import re
from datetime import UTC, datetime

YEARS = (2000, 2100)
"""The first and the last. Every database, timer and platform here can hold them."""

_FORM = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", flags=re.ASCII)


def parse_moment(value: object) -> datetime:
    """An RFC 3339 time with its offset, in UTC.

    Raises `ValueError`, whose text is a sentence for the caller. A number is refused: no offset
    can be seen in it.
    """
    if not isinstance(value, str) or not _FORM.fullmatch(value):
        raise ValueError(_WRONG_FORM)
    try:
        moment = datetime.fromisoformat(value.upper()).astimezone(UTC)
    except ValueError:
        raise ValueError(_WRONG_FORM) from None
    except OverflowError:
        raise ValueError(_WRONG_YEAR) from None
    if not YEARS[0] <= moment.year <= YEARS[1]:
        raise ValueError(_WRONG_YEAR)
    return moment


def to_rfc3339(moment: datetime) -> str:
    """An aware moment as every platform reads it: in UTC, with a `Z`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


_WRONG_YEAR = f"It must lie within the years {YEARS[0]} to {YEARS[1]}, in UTC."
_WRONG_FORM = "It must be a time with an offset, as RFC 3339 has it: 2027-01-31T18:00:00+01:00."
