"""What is printed: ids whole, nothing that steers the terminal, and no traceback for any output."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from cli.output import announce, print_json, print_lines, print_table, say, tell
from domain.ids import new_key_id, new_workspace_id
from runtime.settings import Settings
from store.engine import Store
from store.queries import workspaces
from tests.support.machine import ROOT, Machine

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


def test_a_cell_of_several_lines_keeps_them_and_no_line_of_a_stranger() -> None:
    out = io.StringIO()
    rows = [("one\n\x1b[2Jtwo", ["three", "fo\nur"])]
    print_table(("a", "b"), rows, console=Console(file=out, width=60))
    lines = [line.split() for line in out.getvalue().splitlines() if line.strip()]
    assert lines[2:] == [[r"one\n\x1b[2Jtwo", "three"], [r"fo\nur"]]


def test_every_way_to_print_escapes(capsys: pytest.CaptureFixture[str]) -> None:
    evil = "a\x1b[2J\nb\x9b\u202e"
    shown = r"a\x1b[2J\nb\x9b\u202e" + "\n"
    for printing in (say, announce, tell):
        printing(evil)
    print_lines(Console(file=sys.stdout, width=10), [evil])
    printed_to = capsys.readouterr()
    assert (printed_to.out, printed_to.err) == (3 * shown, shown)
    print_json({"title": evil})
    text = capsys.readouterr().out
    assert text.isascii()
    assert json.loads(text) == {"title": evil}


PRINTS = """
from cli.output import *
prepare_streams()
say("Brot für 2 €", "caf\\udce9")
print_table(("Größe", "b"), [("見た", "x" * 50)] * 500)
print_lines(make_console(), ["ende …"])
"""


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1", "cp1252"])
def test_a_terminal_that_cannot_show_a_character_gets_an_escape(encoding: str) -> None:
    done = run(PRINTS, PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (0, b"")
    first = done.stdout.decode(encoding).split("\n")[0]
    assert first.startswith("Brot f")
    assert ("€" in first) == (encoding in ("utf-8", "cp1252"))


def run(code: str, **env: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **env},
        cwd=ROOT,
        capture_output=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """With a database of many workspaces."""
    machine = Machine(tmp_path)
    assert machine.run("migrate").returncode == 0
    store = Store(Settings.model_validate({"data_dir": machine.data}).database)
    with store.write() as session:
        for number in range(3000):
            workspaces.create_workspace(session, name=f"workspace number {number}")
    store.close()
    return machine


def shell(machine: Machine, line: str) -> subprocess.CompletedProcess[str]:
    """A line of a shell, with `$C` for castline."""
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line}"],
        env={**machine.env, "C": " ".join(machine.command())},
        cwd=machine.folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("command", ["workspaces list", "workspaces list --json", "--help"])
def test_a_pipe_that_is_closed_ends_a_command_without_a_word(
    machine: Machine, command: str
) -> None:
    ended = shell(machine, f"$C {command} | head -n 1")
    assert ended.stderr == ""
    assert len(ended.stdout.splitlines()) == 1
    nobody = shell(machine, f"$C {command} | true")
    assert (nobody.stdout, nobody.stderr) == ("", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
@pytest.mark.parametrize("command", ["workspaces list", "workspaces list --json"])
def test_an_output_that_cannot_be_written_is_a_sentence(machine: Machine, command: str) -> None:
    ended = shell(machine, f"$C {command} >/dev/full")
    assert ended.returncode == 1
    assert ended.stderr == (
        "castline: Standard output cannot be written: the disk is full. Free space, then try "
        "again.\n"
    )
    assert shell(machine, "$C workspaces create one >/dev/full").returncode == 1


def test_streams_that_are_closed_are_done_without(machine: Machine) -> None:
    assert shell(machine, "$C workspaces list >&- 2>&-").returncode == 0
    assert shell(machine, "$C workspaces nonsense 2>&-").returncode == 2
    ended = shell(machine, "$C workspaces create two >&-")
    assert (ended.returncode, "castline keys create" in ended.stderr) == (0, True)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["\x1b[2J"], r"castline: No such command '\x1b[2J'."),
        (["watch", "--\x1b[2J"], r"castline: No such option: --\x1b[2J"),
        (["publish", "a.mp4"], "castline: Missing option '--title'."),
        (["watch", "--url"], "castline: Option '--url' requires an argument."),
    ],
    ids=ascii,
)
def test_a_wrong_usage_is_a_sentence_that_steers_nothing(
    tmp_path: Path, words: list[str], sentence: str
) -> None:
    ended = Machine(tmp_path).run(*words)
    assert (ended.returncode, ended.stdout) == (2, "")
    *_, last = ended.stderr.splitlines()
    assert last.startswith(sentence)


def test_a_text_that_is_none_is_a_sentence(machine: Machine) -> None:
    ended = shell(machine, "$C workspaces create $'caf\\351'")
    assert ended.returncode == 1
    assert ended.stderr == r"castline: caf\xe9 is no text in this terminal's encoding." + "\n"


def test_each_line_of_a_finding_is_a_line(tmp_path: Path) -> None:
    examined = Machine(tmp_path).run("doctor")
    assert examined.returncode == 1
    assert "fail   data folder: " in examined.stdout
    assert r"\n" not in examined.stdout
