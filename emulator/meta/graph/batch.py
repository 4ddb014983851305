"""`POST /` with `batch`: several requests in one, each with its own response.

An entry has `method`, `relative_url`, and optionally `body`, `attached_files`, `name`,
`depends_on` and `omit_response_on_success`. `{result=name:$.data[0].id}` inserts a value of an
earlier response. The response of an entry that others depend on is null when it succeeds, unless
the entry says otherwise. An entry whose dependency failed is not sent, and its response is null.
Sources: Meta's Batch Requests guide; `FacebookAdsApiBatch.execute` in facebook-business 26.0.3.
New apps may use it: only asynchronous batches are refused to them.
"""

import json
import re
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from aiohttp import FormData, web

from emulator.calls import Call
from emulator.meta.graph.errors import graph_error, json_answer
from emulator.meta.graph.legacy import METHODS
from emulator.meta.graph.params import PROOF, Params, read
from emulator.meta.graph.subrequests import OF_A_HOP, Subresponse, subrequest
from emulator.meta.graph.versions import asked_version
from emulator.parsing import form_of, parse_json

MOST = 50
_MOST_FILLED = 1024**2
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]+")
_RESULT = re.compile(r"\{result=([\w-]+):(\$[^}]*)\}")
_STEP = re.compile(r"\.(\w+|\*)|\[(\d+|\*)\]")
_VERSIONED = re.compile(r"v\d+\.\d+(/|$)")


async def batch(call: Call) -> web.StreamResponse:
    """Send the entries in order and return their responses as a list."""
    params = await read(call)
    entries = params.json("batch")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise graph_error("100", "(#100) Param batch must be an array.")
    if not entries:
        raise graph_error("100", "(#100) Empty batch message.")
    if len(entries) > MOST:
        raise graph_error(
            "100", f"(#100) Too many requests in batch message. Maximum batch size is {MOST}"
        )
    if params.token is None and not all("access_token" in json.dumps(e) for e in entries):
        raise graph_error("104")
    with_headers = params.flag("include_headers") is not False
    done: dict[str, Subresponse] = {}
    answers: list[Any] = []
    for entry in entries:
        reply = await _carry_out(call, params, entry, done)
        name = entry.get("name")
        if reply is not None and isinstance(name, str):
            done[name] = reply
        answers.append(_shown(reply, entry, entries, with_headers))
    return json_answer(answers)


async def _carry_out(
    call: Call, params: Params, entry: dict[str, Any], done: dict[str, Subresponse]
) -> Subresponse | None:
    """Return the response of an entry, or None if one of its dependencies failed."""
    method = str(entry.get("method", "GET")).upper()
    if method not in METHODS:
        raise graph_error("100", "(#100) Param method of a batched request must be an HTTP method.")
    target, body = str(entry.get("relative_url", "")), str(entry.get("body") or "")
    needed = {*_names(entry.get("depends_on")), *(m[1] for m in _RESULT.finditer(target + body))}
    if any(name not in done or done[name].status >= 400 for name in needed):
        return None
    target, body = _filled(target, done), _filled(body, done)
    path, mark, asked = target.partition("?")
    parts = [part for part in unquote(path).split("/") if part not in ("", ".", "..")]
    target = f"{'/'.join(parts)}{mark}{asked}"
    if not _VERSIONED.match(target):
        target = f"{asked_version(call.request)}/{target}"
    said = dict(parse_qsl(urlsplit(target).query, keep_blank_values=True) + parse_qsl(body))
    whose = {"access_token": params.token or ""}
    if PROOF in params.values:
        whose[PROOF] = params.values[PROOF]
    query = {} if said.get("access_token") else whose
    if "batch" in said:
        raise graph_error("100", "(#100) A batched request cannot be a batch itself.")
    headers = _headers(entry)
    form = await _form(call, entry, body)
    return await subrequest(
        call.request, method, f"/{target}", query, body=form or body or None, headers=headers
    )


def _headers(entry: dict[str, Any]) -> dict[str, str]:
    """Return the headers of an entry, without those of the connection. Raises code 100."""
    listed = entry.get("headers") or []
    if not isinstance(listed, list) or not all(map(_is_header, listed)):
        raise graph_error("100", "(#100) Param headers of a batched request must be headers.")
    return {h["name"]: h["value"] for h in listed if h["name"].lower() not in OF_A_HOP}


def _is_header(header: Any) -> bool:
    if not isinstance(header, dict):
        return False
    name, value = header.get("name"), header.get("value")
    return (
        isinstance(name, str)
        and isinstance(value, str)
        and _HEADER_NAME.fullmatch(name) is not None
        and value.isprintable()
    )


async def _form(call: Call, entry: dict[str, Any], body: str) -> FormData | None:
    """Return a multipart body with the attached files of an entry, or None without files."""
    names = _names(entry.get("attached_files"))
    if not names:
        return None
    outer = await form_of(call.request)
    form = FormData(parse_qsl(body, keep_blank_values=True))
    for name in names:
        file = outer.get(name)
        if not isinstance(file, web.FileField):
            raise graph_error("100", f"(#100) The file {name} is not attached.")
        form.add_field("source", file.file, filename=file.filename)
    return form


def _shown(
    reply: Subresponse | None,
    entry: dict[str, Any],
    entries: list[dict[str, Any]],
    with_headers: bool,
) -> dict[str, Any] | None:
    if reply is None:
        return None
    omitted = entry.get("omit_response_on_success", _is_needed(entry.get("name"), entries))
    if omitted and reply.status < 400:
        return None
    headers = [{"name": name, "value": value} for name, value in reply.headers]
    shown: dict[str, Any] = {"code": reply.status}
    if with_headers:
        shown["headers"] = headers
    return {**shown, "body": reply.body}


def _is_needed(name: object, entries: list[dict[str, Any]]) -> bool:
    return name is not None and any(
        name in _names(other.get("depends_on")) or f"{{result={name}:" in json.dumps(other)
        for other in entries
    )


def _names(value: Any) -> list[str]:
    texts = value if isinstance(value, list) else str(value or "").split(",")
    return [str(text).strip() for text in texts if str(text).strip()]


def _filled(text: str, done: dict[str, Subresponse]) -> str:
    """Replace each `{result=…}` by the value from the earlier response.

    The length is limited, because each response may quote several earlier ones.
    """
    parts, end, length = [], 0, 0
    for match in _RESULT.finditer(text):
        parts += [text[end : match.start()], _taken(done[match[1]], match[2])]
        end, length = match.end(), length + sum(map(len, parts[-2:]))
        if length > _MOST_FILLED:
            raise graph_error("100", "(#100) The results of earlier requests are too long.")
    return "".join([*parts, text[end:]])


def _taken(reply: Subresponse, path: str) -> str:
    try:
        values = [parse_json(reply.body)]
    except ValueError:
        return ""
    for step in _STEP.finditer(path):
        values = [found for value in values for found in _below(value, step[1] or step[2])]
    return ",".join(v if isinstance(v, str) else json.dumps(v) for v in values)


def _below(value: Any, step: str) -> list[Any]:
    if isinstance(value, list):
        chosen = (
            value if step == "*" else value[int(step) : int(step) + 1] if step.isdigit() else []
        )
        return list(chosen)
    if isinstance(value, dict):
        return list(value.values()) if step == "*" else [value[step]] if step in value else []
    return []
