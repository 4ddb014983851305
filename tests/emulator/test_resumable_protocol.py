"""The resumable protocol without HTTP."""

import pytest

from emulator.google.uploads.content_range import ContentRange, Unparsable, parse
from emulator.google.uploads.intake import GRANULE, Intake
from tests.emulator.stranger import sha256, some_bytes


@pytest.mark.parametrize(
    ("header", "length", "expected"),
    [
        ("bytes 0-99/100", 100, ContentRange(0, 99, 100)),
        ("bytes 100-199/*", 100, ContentRange(100, 199, None)),
        ("bytes */500", 0, ContentRange(total=500, query=True)),
        ("bytes */*", 0, ContentRange(query=True)),
        (None, 100, ContentRange(0, 99, 100, whole=True)),
        (None, None, ContentRange(whole=True)),
    ],
)
def test_a_content_range_is_read(
    header: str | None, length: int | None, expected: ContentRange
) -> None:
    assert parse(header, length) == expected


@pytest.mark.parametrize(
    "header",
    ["bytes 5-4/100", "bytes 0-100/100", "bytes a-b/c", "0-9/10", "bytes 0-9", "bytes 0-4/10"],
)
def test_a_content_range_that_makes_no_sense_is_refused(header: str) -> None:
    with pytest.raises(Unparsable):
        parse(header, 10)


def test_only_the_last_bytes_are_final() -> None:
    assert parse("bytes 50-99/100", 50).final
    assert not parse("bytes 0-49/100", 50).final
    assert not parse("bytes 50-99/*", 50).final
    assert not parse("bytes */100", 0).final
    assert parse(None, 100).final


@pytest.mark.parametrize("piece", [1000, 65_536, GRANULE, GRANULE + 1, 1_000_000])
def test_settling_keeps_the_aligned_prefix_and_its_hash(piece: int) -> None:
    data, intake = some_bytes(1_000_000), Intake()
    for start in range(0, len(data), piece):
        intake.write(memoryview(data)[start : start + piece])
    assert (intake.stored, intake.sha256) == (len(data), sha256(data))

    intake.settle()
    kept = len(data) // GRANULE * GRANULE
    assert (intake.stored, intake.sha256) == (kept, sha256(data[:kept]))

    intake.write(memoryview(data)[kept:])
    assert intake.sha256 == sha256(data)


def test_settling_twice_changes_nothing() -> None:
    intake = Intake()
    intake.write(memoryview(bytes(GRANULE + 5)))
    intake.settle()
    intake.settle()
    assert (intake.stored, intake.sha256) == (GRANULE, sha256(bytes(GRANULE)))
