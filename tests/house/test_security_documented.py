"""Each requirement on the security page names tests that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text()
_TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
_ROW = re.compile(r"^\| ([A-Z]+-\d+) \|.*\|$", re.MULTILINE)


@pytest.mark.parametrize(("file", "name"), sorted(set(_TEST.findall(PAGE))))
def test_a_named_test_exists(file: str, name: str) -> None:
    path = ROOT / file
    assert path.is_file()
    assert not name or re.search(rf"^(async )?def {name}\(", path.read_text(), re.MULTILINE)


def test_every_requirement_names_a_test() -> None:
    rows = [row[0] for row in _ROW.finditer(PAGE)]
    assert rows
    assert [row for row in rows if not _TEST.search(row)] == []
