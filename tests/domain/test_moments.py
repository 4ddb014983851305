from datetime import UTC, datetime

import pytest

from domain.moments import parse_moment, to_rfc3339


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2027-01-31T18:00:00Z", datetime(2027, 1, 31, 18, tzinfo=UTC)),
        ("2027-01-31t18:00:00z", datetime(2027, 1, 31, 18, tzinfo=UTC)),
        ("2027-01-31T18:00:00+01:00", datetime(2027, 1, 31, 17, tzinfo=UTC)),
        ("2027-01-31T18:00:00.25-00:00", datetime(2027, 1, 31, 18, 0, 0, 250_000, tzinfo=UTC)),
        ("1999-12-31T23:00:00-01:00", datetime(2000, 1, 1, tzinfo=UTC)),
        ("2101-01-01T00:59:59+01:00", datetime(2100, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_time_with_an_offset_is_read_in_utc(text: str, moment: datetime) -> None:
    assert parse_moment(text) == moment
    assert parse_moment(to_rfc3339(moment)) == moment


@pytest.mark.parametrize(
    "value",
    [
        *("tomorrow", "", "2027-01-31", "2027-01-31T18:00:00", "2027-01-31 18:00:00Z"),
        *("2027-01-31T18:00Z", "2027-13-31T18:00:00Z", "2027-02-30T18:00:00Z"),
        *("2027-01-31T24:00:01Z", "2027-01-31T18:00:00+24:00", "2027-01-31T18:00:00Z "),
        *("٢٠٢٧-01-31T18:00:00Z", "1999-12-31T23:59:59Z", "2101-01-01T00:00:00Z"),
        *("2000-01-01T00:00:00+14:00", "2100-12-31T23:59:59-12:00"),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "1700000000"),
        *(1_700_000_000, 1.5, None, True, ["2027-01-31T18:00:00Z"], datetime.now(UTC)),
    ],
)
def test_everything_else_is_refused_with_a_sentence(value: object) -> None:
    with pytest.raises(ValueError, match=r"^It must .*\.$"):
        parse_moment(value)


def test_a_moment_is_written_in_utc_with_a_z() -> None:
    assert to_rfc3339(datetime(2027, 1, 31, 18, tzinfo=UTC)) == "2027-01-31T18:00:00Z"
