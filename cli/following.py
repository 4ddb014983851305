"""One assignment on a terminal: a bar for its bytes, one for the platform's processing."""

from collections.abc import Iterator
from time import sleep
from typing import Any

from rich.filesize import decimal
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn

from cli.output import make_console, print_lines
from cli.service import Service
from domain.errors import Unavailable
from domain.sentences import of_state
from domain.states import AssignmentState, PlatformName, WaitReason

_LOOK_SECONDS = 0.5


View = dict[str, Any]


def follow(service: Service, assignment_id: str) -> View:
    """Show the assignment until it is settled; return how it ended.

    An API that goes away meanwhile is waited for. Raises `CastlineError` when there is no such
    assignment.
    """
    said = ""
    with _Bars() as bars:
        for view in _views(service, assignment_id):
            if (sentence := describe(view)) != said:
                bars.say(said := sentence)
                if (way_in := _find_way_in(service, view)) is not None:
                    bars.say(f"open this to authorize the connection again: {way_in}")
            bars.move(view)
    return view


def follow_quietly(service: Service, assignment_id: str) -> View:
    """The same without a word, for a program."""
    *_, view = _views(service, assignment_id)
    return view


def describe(view: View) -> str:
    """How an assignment stands, in a sentence. It may quote what others wrote."""
    return of_state(AssignmentState(view["state"]), view, PlatformName(view["platform"]))


def _views(service: Service, assignment_id: str) -> Iterator[View]:
    """The assignment as it is now and then, the settled one last."""
    view = service.get("assignments", assignment_id)
    yield view
    while not AssignmentState(view["state"]).is_settled:
        sleep(_LOOK_SECONDS)
        view = _look_again(service, view)
        yield view


def _find_way_in(service: Service, view: View) -> str | None:
    """The link for a person, where the assignment waits for one."""
    if view["waitReason"] != WaitReason.CONNECTION:
        return None
    try:
        link: str | None = service.get("connections", view["connectionId"])["reauthUrl"]
    except Unavailable:
        return None
    return link


def _look_again(service: Service, view: View) -> View:
    try:
        seen: View = service.get("assignments", view["id"])
    except Unavailable:
        return view
    return seen


class _Bars:
    """The two bars. Where the output is no terminal, only the sentences are printed."""

    def __init__(self) -> None:
        console = make_console()
        self._progress = Progress(
            TextColumn("{task.description:<10}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[note]}"),
            console=console,
            disable=not console.is_terminal,
        )
        self._transfer = self._progress.add_task("transfer", total=None, note="")
        self._processing = self._progress.add_task("processing", total=100, start=False, note="")

    def __enter__(self) -> "_Bars":
        self._progress.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self._progress.stop()

    def say(self, sentence: str) -> None:
        print_lines(self._progress.console, [sentence])

    def move(self, view: View) -> None:
        sent, total = view["bytesSent"], view["bytesTotal"]
        note = f"{decimal(sent)} of {decimal(total)}"
        self._progress.update(self._transfer, completed=sent, total=total, note=note)
        if view["state"] == AssignmentState.PUBLISHED:
            self._fill(self._processing, 100)
        elif view["processingPercent"] is not None:
            self._fill(self._processing, view["processingPercent"])

    def _fill(self, bar: TaskID, percent: int) -> None:
        self._progress.start_task(bar)
        self._progress.update(bar, completed=percent)
