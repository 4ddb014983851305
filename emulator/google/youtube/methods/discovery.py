"""The discovery document, with its addresses leading here, and a directory that names it."""

from typing import Any

from aiohttp import web

from emulator.calls import Call
from emulator.google.api import bad_requests
from emulator.google.api.document import DOCUMENT
from emulator.google.errors import json_answer

REST = "/discovery/v1/apis/youtube/v3/rest"


async def rest(call: Call) -> web.StreamResponse:
    """Answer the document. `/$discovery/rest` takes the version in the query."""
    if call.request.query.get("version", DOCUMENT["version"]) != DOCUMENT["version"]:
        raise bad_requests.no_such_address()
    root = f"{call.origin}/"
    addresses = {"rootUrl": root, "baseUrl": root, "mtlsRootUrl": root}
    return json_answer({**DOCUMENT, **addresses})


async def directory(call: Call) -> web.StreamResponse:
    """Answer the list of APIs there are: this one, unless another is asked for by name."""
    asked = call.request.query.get("name", DOCUMENT["name"])
    names = ("id", "name", "version", "title", "description", "documentationLink")
    entry: dict[str, Any] = {
        "kind": "discovery#directoryItem",
        **{name: DOCUMENT[name] for name in names},
        "discoveryRestUrl": f"{call.origin}{REST}",
        "preferred": True,
    }
    items = [entry] if asked == DOCUMENT["name"] else []
    return json_answer(
        {"kind": "discovery#directoryList", "discoveryVersion": "v1", "items": items}
    )
