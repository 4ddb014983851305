"""Tables never cut a word: an id can be copied from any terminal."""

import io

import pytest
from rich.console import Console

from cli.output import print_table
from domain.ids import new_key_id, new_workspace_id

IDS = [new_key_id() for _ in range(3)]
URL = "https://app.example.com/oauth/results/of/a/rather/long/path/"


def printed(width: int, *, is_terminal: bool) -> str:
    out = io.StringIO()
    rows = [(id, "abcd", f"The label of the key number {n}", URL) for n, id in enumerate(IDS)]
    console = Console(file=out, force_terminal=is_terminal, width=width, color_system=None)
    print_table(("id", "ends with", "label", "redirects allowed to"), rows, console=console)
    return out.getvalue()


@pytest.mark.parametrize("width", [10, 40, 80, 200])
@pytest.mark.parametrize("is_terminal", [True, False])
def test_ids_and_addresses_are_whole(width: int, is_terminal: bool) -> None:
    said = printed(width, is_terminal=is_terminal)
    for whole in (*IDS, URL):
        assert whole in said
    assert "…" not in said


def test_what_is_piped_has_a_line_for_each_row() -> None:
    said = printed(40, is_terminal=False)
    for number, id in enumerate(IDS):
        (line,) = [line for line in said.splitlines() if id in line]
        assert f"The label of the key number {number}" in line


def test_a_narrow_terminal_wraps_between_words() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=60, color_system=None)
    workspace = new_workspace_id()
    print_table(("id", "name"), [(workspace, "one two three four five six")], console=console)
    lines = [line for line in out.getvalue().splitlines() if line.strip()]
    assert max(map(len, lines)) <= 60
    assert len(lines) > 3
    assert workspace in out.getvalue()


def test_what_looks_like_markup_is_printed_as_it_is() -> None:
    out = io.StringIO()
    print_table(("label",), [("[red]not markup[/]",)], console=Console(file=out, width=60))
    assert "[red]not markup[/]" in out.getvalue()
