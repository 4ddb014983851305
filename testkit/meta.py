"""Meta as a test sees it: the dialog without a browser, tokens, calls of the Graph API.

Everything goes over HTTP to the emulator; nothing here knows how it works inside.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import httpx2

from testkit.emulator import Emulator

APP_ID = "100000000000001"
APP_SECRET = "emulator-app-secret"
APP_TOKEN = f"{APP_ID}|{APP_SECRET}"
REDIRECT = "http://127.0.0.1:9/callback"
ANA, BEN = "ana@example.test", "ben@example.test"
NOBODY, PARTIAL = "nochannel@example.test", "partial@example.test"
BAKERY, CATERING = "Blue Door Bakery", "Blue Door Catering"
ARCHIVE, PARTNER = "Blue Door Archive", "Blue Door Partner"
SCOPES = ("pages_show_list", "pages_read_engagement", "pages_manage_posts")


def dialog_url(emulator: Emulator, **query: str) -> str:
    """Return where to send the browser."""
    usual = {
        "client_id": APP_ID,
        "redirect_uri": REDIRECT,
        "state": "a state",
        "scope": ",".join(SCOPES),
    }
    return f"{emulator.url}/v27.0/dialog/oauth?" + urlencode({**usual, **query})


def consent(
    emulator: Emulator,
    auth_url: str,
    account: str = ANA,
    pages: Iterable[str] | None = None,
    permissions: Iterable[str] | None = None,
    decision: str = "allow",
) -> str:
    """Go through the dialog without a browser; return where it sends the browser.

    `pages` are ids. What is not given stays as the dialog shows it for that account.
    """
    answer = emulator.http.get(auth_url)
    answer.raise_for_status()
    form = DialogForm()
    form.feed(answer.text)
    decided = emulator.http.post(
        urljoin(emulator.url, form.action),
        data={
            "request_id": form.request_id,
            "account": account,
            "page": form.pages_of(account) if pages is None else list(pages),
            "permission": form.ticked(account) if permissions is None else list(permissions),
            "decision": decision,
        },
    )
    if decided.status_code != 302:
        raise RuntimeError(f"the dialog was not accepted: {decided.status_code} {decided.text}")
    return decided.headers["location"]


def query_of(location: str) -> dict[str, str]:
    """Return the query of a redirect."""
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def exchange(emulator: Emulator, code: str, **form: str) -> httpx2.Response:
    """Exchange a code by POST."""
    usual = {
        "client_id": APP_ID,
        "client_secret": APP_SECRET,
        "redirect_uri": REDIRECT,
        "code": code,
    }
    return emulator.http.post("/v27.0/oauth/access_token", data={**usual, **form})


def extend(emulator: Emulator, token: str, **form: str) -> httpx2.Response:
    """Extend a short token."""
    return emulator.http.get(
        "/v27.0/oauth/access_token",
        params={
            "grant_type": "fb_exchange_token",
            "client_id": APP_ID,
            "client_secret": APP_SECRET,
            "fb_exchange_token": token,
            **form,
        },
    )


def person_token(
    emulator: Emulator,
    email: str = ANA,
    *,
    lasting: bool = True,
    pages: Iterable[str] | None = None,
    permissions: Iterable[str] | None = None,
    **query: str,
) -> str:
    """Return a person's token, through dialog and exchange, extended unless told otherwise."""
    location = consent(emulator, dialog_url(emulator, **query), email, pages, permissions)
    token: str = exchange(emulator, query_of(location)["code"]).json()["access_token"]
    if lasting:
        token = extend(emulator, token).json()["access_token"]
    return token


def page_rows(emulator: Emulator, token: str) -> dict[str, dict[str, Any]]:
    """Return the Pages a person's token sees, by name."""
    rows = emulator.http.get("/v27.0/me/accounts", params={"access_token": token}).json()["data"]
    return {row["name"]: row for row in rows}


def page_token(
    emulator: Emulator, email: str = ANA, page_name: str = BAKERY, *, lasting: bool = True
) -> str:
    """Return the token of a Page, through dialog, exchange and the list of Pages."""
    rows = page_rows(emulator, person_token(emulator, email, lasting=lasting))
    token: str = rows[page_name]["access_token"]
    return token


def page_id(emulator: Emulator, name: str) -> str:
    """Return the id of a Page."""
    pages: list[dict[str, str]] = emulator.state()["pages"]
    return next(page["id"] for page in pages if page["name"] == name)


def ask(emulator: Emulator, path: str, token: str, **params: str) -> httpx2.Response:
    """Read something with a token in the query."""
    return emulator.http.get(f"/v27.0/{path}", params={"access_token": token, **params})


def refusal(answer: httpx2.Response) -> tuple[int, int | None]:
    """Return the code and the subcode of an error."""
    error = answer.json()["error"]
    return error["code"], error.get("error_subcode")


@dataclass
class DialogForm(HTMLParser):
    """Reads the dialog's form."""

    action: str = ""
    request_id: str = ""
    permissions: list[str] = field(default_factory=list)
    pages: dict[str, list[str]] = field(default_factory=dict)
    left_out: dict[str, set[str]] = field(default_factory=dict)
    hidden: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = given["action"]
        elif given.get("name") == "request_id":
            self.request_id = given["value"]
        elif given.get("name") == "permission":
            self.permissions.append(given["value"])
        elif given.get("name") == "page":
            self.pages.setdefault(given["data-account"], []).append(given["value"])
        elif given.get("name") == "account":
            self.hidden[given["value"]] = set(given["data-hidden"].split())
            unticked = set(given["data-unticked"].split())
            self.left_out[given["value"]] = unticked | self.hidden[given["value"]]

    def ticked(self, account: str) -> list[str]:
        """Return the boxes that are ticked when an account is chosen."""
        return [name for name in self.permissions if name not in self.left_out.get(account, set())]

    def pages_of(self, account: str) -> list[str]:
        """Return the Pages shown when an account is chosen."""
        return self.pages.get(account, [])
