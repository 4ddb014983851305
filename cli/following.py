"""One assignment on a terminal: a bar for its bytes, one for the platform's processing."""

from time import sleep
from typing import Any

from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn

from cli.service import Service
from domain.errors import Unavailable
from domain.sentences import of_state, one_line
from domain.states import AssignmentState, PlatformName, WaitReason

_LOOK_SECONDS = 0.5


def follow(service: Service, assignment_id: str) -> bool:
    """Show the assignment until it is settled; True when it is published.

    An API that goes away meanwhile is waited for. Raises `CastlineError` when there is no such
    assignment.
    """
    view = service.get(f"/assignments/{assignment_id}")
    said = ""
    with _Bars(Console()) as bars:
        while True:
            if (sentence := describe(view)) != said:
                bars.say(said := sentence)
                if (way_in := _find_way_in(service, view)) is not None:
                    bars.say(f"open this to authorize the connection again: {way_in}")
            bars.move(view)
            if AssignmentState(view["state"]).is_settled:
                break
            sleep(_LOOK_SECONDS)
            view = _look_again(service, view)
    return bool(view["state"] == AssignmentState.PUBLISHED)


def describe(view: dict[str, Any]) -> str:
    """How an assignment stands, in a line."""
    return one_line(of_state(AssignmentState(view["state"]), view, PlatformName(view["platform"])))


def _find_way_in(service: Service, view: dict[str, Any]) -> str | None:
    """The link for a person, where the assignment waits for one."""
    if view["waitReason"] != WaitReason.CONNECTION:
        return None
    try:
        link: str | None = service.get(f"/connections/{view['connectionId']}")["reauthUrl"]
    except Unavailable:
        return None
    return link


def _look_again(service: Service, view: dict[str, Any]) -> dict[str, Any]:
    try:
        seen: dict[str, Any] = service.get(f"/assignments/{view['id']}")
    except Unavailable:
        return view
    return seen


class _Bars:
    """The two bars. Where the output is no terminal, only the sentences are printed."""

    def __init__(self, console: Console) -> None:
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
        self._progress.console.print(sentence, soft_wrap=True, highlight=False, markup=False)

    def move(self, view: dict[str, Any]) -> None:
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
