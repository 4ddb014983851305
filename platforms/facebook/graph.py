"""The way to Meta's Graph API: each call once, its answer judged, its usage noted.

A token goes into the Authorization header and never into an address; the proof that we
hold the app's secret goes with every call. The version is part of each path, from one
setting. Nothing is repeated here: whether a call may be made again is known only to
whoever makes it.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from domain.errors import QuotaExhausted
from domain.secrets import Secret
from platforms.facebook.errors import classify, read_document
from platforms.facebook.reasons import RULES
from platforms.facebook.usage import APP, Usage
from platforms.http import Http, moment_of
from platforms.rules import Rule
from platforms.transfer.machine import Answer

_OF_A_PERSON = "17"


@dataclass(frozen=True, slots=True)
class MetaApp:
    """Our app at Meta, and where Meta is."""

    app_id: str
    app_secret: Secret
    dialog_root: str = "https://www.facebook.com"
    graph_root: str = "https://graph.facebook.com"
    version: str = "v27.0"

    @property
    def token(self) -> Secret:
        """The app's own token, good for what is asked about other tokens."""
        return Secret(f"{self.app_id}|{self.app_secret.reveal()}")


@dataclass(frozen=True, slots=True)
class Multipart:
    """A form with one file at its end: `head`, the file's bytes, `tail`."""

    fields: Mapping[str, Any] = field(repr=False)
    part: str
    file_name: str
    content_type: str = "application/octet-stream"
    boundary: str = field(default_factory=lambda: f"castline-{secrets.token_hex(16)}")

    @property
    def form_type(self) -> str:
        """The Content-Type of the whole."""
        return f"multipart/form-data; boundary={self.boundary}"

    @property
    def head(self) -> bytes:
        named = [(f'name="{name}"', value) for name, value in form_of(self.fields).items()]
        file = f'name="{self.part}"; filename="{_quoted(self.file_name)}"'
        pieces = [
            f"--{self.boundary}\r\nContent-Disposition: form-data; {name}\r\n\r\n{value}\r\n"
            for name, value in named
        ]
        pieces.append(
            f"--{self.boundary}\r\nContent-Disposition: form-data; {file}\r\n"
            f"Content-Type: {self.content_type}\r\n\r\n"
        )
        return "".join(pieces).encode()

    @property
    def tail(self) -> bytes:
        return f"\r\n--{self.boundary}--\r\n".encode()


@dataclass(frozen=True, slots=True)
class Told:
    document: dict[str, Any] = field(repr=False)
    moment: datetime
    """When, by Meta's own clock."""


class Graph:
    """The Graph API as one app sees it. Thread-safe; holds no token but the app's own."""

    def __init__(self, app: MetaApp, http: Http, usage: Usage) -> None:
        self.app = app
        self.usage = usage
        self._http = http

    def call(
        self,
        method: str,
        path: str,
        token: Secret | None,
        fields: Mapping[str, Any] | None = None,
        *,
        budget: str | None = None,
        rules: Mapping[str, Rule] = RULES,
    ) -> dict[str, Any]:
        """Make one call and return its document; otherwise as `ask`."""
        return self.ask(method, path, token, fields, budget=budget, rules=rules).document

    def ask(
        self,
        method: str,
        path: str,
        token: Secret | None,
        fields: Mapping[str, Any] | None = None,
        *,
        budget: str | None = None,
        rules: Mapping[str, Rule] = RULES,
        is_brief: bool = False,
    ) -> Told:
        """Make one call and return what it told, and when.

        `budget` is what the call uses up: a Page's id, or `usage.APP` with a person's or
        the app's own token; None minds no budget. A call without a token brings the app's
        secret among its fields. `is_brief` as in `platforms.http`.

        Raises `QuotaExhausted` without a call when that budget is nearly used up, and
        whatever `classify` makes of an answer. After `PlatformUnavailable` the call may or
        may not have been carried out.
        """
        self.usage.check(budget)
        form = urlencode(form_of(fields or {}) if token is None else self.form(token, fields))
        headers = {} if token is None else self.headers(token)
        if method == "POST":
            headers["content-type"] = "application/x-www-form-urlencoded"
            answer = self._http.send(
                method, self.url(path), headers=headers, body=form, is_brief=is_brief
            )
        else:
            address = f"{self.url(path)}?{form}"
            answer = self._http.send(method, address, headers=headers, is_brief=is_brief)
        return Told(self.take(answer, budget, rules), moment_of(answer))

    def send_file(
        self,
        path: str,
        token: Secret,
        multipart: Multipart,
        content: bytes,
        *,
        budget: str | None = None,
    ) -> dict[str, Any]:
        """POST a form with a small file, held in memory. Otherwise as `call`."""
        self.usage.check(budget)
        headers = {**self.headers(token), "content-type": multipart.form_type}
        body = multipart.head + content + multipart.tail
        return self.take(
            self._http.send("POST", self.url(path), headers=headers, body=body), budget
        )

    def take(
        self, answer: Answer, budget: str | None, rules: Mapping[str, Rule] = RULES
    ) -> dict[str, Any]:
        """Note the usage that an answer tells and return its document, or raise its error."""
        self.usage.note(budget, answer)
        document = read_document(answer)
        if document is True:
            # Documented for a revocation and possible elsewhere (facts: Facebook section 1.9).
            return {"success": True}
        if isinstance(document, dict) and _is_success(document) and answer.status < 400:
            return document
        error = classify(answer, rules=rules)
        if isinstance(error, QuotaExhausted) and error.code == "rate_limited":
            self.usage.hold(_refused(budget, error.reason), error.until)
        raise error

    def url(self, path: str) -> str:
        """The address of a node or edge, without a query."""
        return f"{self.app.graph_root.rstrip('/')}/{self.app.version}/{path}"

    def headers(self, token: Secret) -> dict[str, str]:
        return {"authorization": f"Bearer {token.reveal()}"}

    def form(self, token: Secret, fields: Mapping[str, Any] | None = None) -> dict[str, str]:
        """The fields of a call as text, the proof among them, for a query or a body."""
        return {**form_of(fields or {}), "appsecret_proof": self.proof(token)}

    def proof(self, token: Secret) -> str:
        """Shows Meta that who sends the token also has the app's secret."""
        key = self.app.app_secret.reveal().encode()
        return hmac.new(key, token.reveal().encode(), hashlib.sha256).hexdigest()


def _refused(budget: str | None, reason: str | None) -> str | None:
    """The budget that a throttled call has found empty; None for one that nobody minds."""
    # A person's limit is theirs alone, and the next one who comes is somebody else.
    return None if budget == APP and reason == _OF_A_PERSON else budget


def _is_success(document: Mapping[str, Any]) -> bool:
    if "error" in document or "debug_info" in document:
        return False
    return document.get("success") is not False


def form_of(fields: Mapping[str, Any]) -> dict[str, str]:
    """Fields in Meta's manner: lists and objects as JSON, None left out. Pure."""
    return {name: _text(value) for name, value in fields.items() if value is not None}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _quoted(name: str) -> str:
    """A file name inside quotes, as browsers write it."""
    return name.replace("%", "%25").replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
