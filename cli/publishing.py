"""What a person does by hand: connect a channel, publish a file, watch it go.

Everything goes through the HTTP API with a workspace's key, exactly as a backend would do
it. Ending one of these commands ends nothing but the watching.
"""

import os
import re
import webbrowser
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from cli.options import AsJson, KeyFile, Url
from cli.output import print_json, print_table, say, tell
from domain.states import AssignmentState, PlatformName, TicketState

if TYPE_CHECKING:
    from cli.service import Service

app = typer.Typer()

AssignmentId = Annotated[str, typer.Argument(metavar="ID", help="An assignment's id.")]
OWN_PAGE = "/api/v1/oauth/done"
"""The API knows at which address a browser reaches its own result page; this command may not."""

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


@app.command()
def connect(
    platform: Annotated[
        PlatformName, typer.Argument(help="Which platform.")
    ] = PlatformName.YOUTUBE,
    connection: Annotated[
        str | None, typer.Option(help="Re-authorize this connection.", metavar="ID")
    ] = None,
    open_browser: Annotated[bool, typer.Option("--open", help="Open the browser, too.")] = False,
    url: Url = None,
    key_file: KeyFile = None,
) -> None:
    """Get a consent: print the address for the owner and wait for the result."""
    service = _service(url, key_file)
    body = {"platform": platform, "redirectUrl": OWN_PAGE}
    if connection is not None:
        body["connectionId"] = connection
    ticket = service.post("oauth", "tickets", body=body)
    say(ticket["authUrl"])
    tell(
        "Open this address in the browser of whoever owns the channel or Page, within five minutes."
    )
    if open_browser:
        webbrowser.open(ticket["authUrl"])
    while not TicketState(
        (found := service.get("oauth", "tickets", ticket["ticketId"]))["state"]
    ).is_settled:
        sleep(1)
    if found["state"] != TicketState.CONNECTED:
        tell(f"{found['state']}: {found['error'] or 'nothing was connected'}")
        raise typer.Exit(1)
    made = [service.get("connections", id) for id in found["connectionIds"]]
    print_table(
        ("connection", "platform", "name"),
        [(row["id"], row["platform"], row["name"]) for row in made],
    )
    for other in found["leftOut"]:
        tell(f"left out: {other['name']}. {other['error']}")


@app.command()
def publish(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="A file, or an https address. Before a name that begins with -: --",
        ),
    ],
    title: Annotated[str, typer.Option(help="What it is called there.")],
    connection: Annotated[
        str | None,
        typer.Option(help="Publish there; may be left out if there is one.", metavar="ID"),
    ] = None,
    type: Annotated[str, typer.Option(help="What it becomes there.")] = "video",
    description: Annotated[str, typer.Option(help="What is written below it there.")] = "",
    privacy: Annotated[
        str, typer.Option(help="private (a draft, on a Page) or public, for one")
    ] = "private",
    follow: Annotated[bool, typer.Option(help="Show it until it is settled.")] = True,
    as_json: AsJson = False,
    url: Url = None,
    key_file: KeyFile = None,
) -> None:
    """Publish a video. Exit code 0: it is published (or accepted, without following); 1: not."""
    service = _service(url, key_file)
    video = service.post("videos", body={"sourceUrl": _source_url(source)})
    assignment = service.post(
        "assignments",
        body={
            "connectionId": connection or _only_connection(service),
            "videoId": video["id"],
            "type": type,
            "payload": {"title": title, "description": description, "privacy": privacy},
        },
    )
    if not as_json:
        say(assignment["id"])
    if follow:
        _follow(service, assignment["id"], as_json=as_json)
    elif as_json:
        print_json(assignment)


@app.command()
def watch(
    assignment: Annotated[
        str | None,
        typer.Argument(metavar="ID", help="An assignment's id; without one the latest are listed."),
    ] = None,
    as_json: AsJson = False,
    url: Url = None,
    key_file: KeyFile = None,
) -> None:
    """Follow one assignment until it is settled, or list the latest.

    Exit code of following: 0: it is published; 1: not.
    """
    service = _service(url, key_file)
    if assignment is not None:
        _follow(service, assignment, as_json=as_json)
    rows = service.get("assignments")["items"]
    if as_json:
        print_json(rows)
        return
    print_table(
        ("assignment", "state", "platform", "title", "result"),
        [(row["id"], row["state"], row["platform"], _title(row), _result(row)) for row in rows],
    )


@app.command()
def timeline(
    assignment: AssignmentId,
    as_json: AsJson = False,
    url: Url = None,
    key_file: KeyFile = None,
) -> None:
    """Tell what happened to an assignment, what it waits for, and what proves it."""
    from cli.timeline import read_timeline, show_timeline

    told = read_timeline(_service(url, key_file), assignment)
    if as_json:
        print_json(told)
    else:
        show_timeline(told)


def _service(url: str | None, key_file: Path | None) -> "Service":
    from cli.service import open_service
    from runtime.settings import Settings

    return open_service(Settings(), url, key_file)


def _follow(service: "Service", assignment_id: str, *, as_json: bool) -> NoReturn:
    from cli.following import follow, follow_quietly

    view = (follow_quietly if as_json else follow)(service, assignment_id)
    if as_json:
        print_json(view)
    raise typer.Exit(0 if view["state"] == AssignmentState.PUBLISHED else 1)


def _source_url(source: str) -> str:
    """The address as it was given, or that of a file: its bytes, whatever its name is."""
    if _URL.match(source) and not os.path.lexists(source):
        return source
    return Path(source).resolve().as_uri()


def _only_connection(service: "Service") -> str:
    from domain.errors import InvalidRequest

    found = service.get("connections")["items"]
    if len(found) == 1:
        return str(found[0]["id"])
    which = ", ".join(f"{row['id']} ({row['name']})" for row in found)
    raise InvalidRequest(
        "connection_missing",
        f"Which connection? --connection one of: {which}"
        if found
        else f"Nothing is connected yet: castline connect {' | '.join(PlatformName)}",
    )


def _title(row: dict[str, Any]) -> str:
    return str(row["payload"].get("title", ""))


def _result(row: dict[str, Any]) -> str:
    return str(row["platformUrl"] or row["error"] or "")
