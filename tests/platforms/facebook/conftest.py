import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from domain.secrets import Secret
from media.policy import SourcePolicy
from platforms.facebook import Facebook, MetaApp
from platforms.protocol import Account, Credential
from tests.support.emulator import ANA, Emulator
from tests.support.google import Scripted, scripted_server

REDIRECT = "http://127.0.0.1:8420/api/v1/oauth/facebook/callback"
SCOPES = ("pages_show_list", "pages_read_engagement", "pages_manage_posts")
CHUNK = 256 * 1024
BAKERY = "Blue Door Bakery"


@pytest.fixture(scope="session")
def emulator_process() -> Iterator[Emulator]:
    emulator = Emulator.start()
    yield emulator
    emulator.stop()


@pytest.fixture
def emulator(emulator_process: Emulator) -> Emulator:
    emulator_process.reset()
    emulator_process.switch(page_processing_seconds=0, range_bytes=CHUNK)
    return emulator_process


def app_at(url: str) -> MetaApp:
    return MetaApp(
        app_id="100000000000001",
        app_secret=Secret("emulator-app-secret"),
        dialog_root=url,
        graph_root=url,
    )


@pytest.fixture
def app(emulator: Emulator) -> MetaApp:
    return app_at(emulator.url)


@pytest.fixture
def facebook(app: MetaApp, tmp_path: Path) -> Facebook:
    return Facebook(app, chunk_size=CHUNK, policy=SourcePolicy(roots=(tmp_path,)))


def decide(
    emulator: Emulator,
    url: str,
    account: str = ANA,
    permissions: tuple[str, ...] = SCOPES,
    pages: list[str] | None = None,
    decision: str = "allow",
) -> dict[str, str]:
    """Go through the dialog and return what comes back with the browser.

    Without `pages`, ids of Pages, every Page is ticked.
    """
    shown = emulator.http.get(url)
    shown.raise_for_status()
    found = re.search(r'name="request_id" value="([^"]+)"', shown.text)
    assert found
    if pages is None:
        pages = [page["id"] for page in emulator.state()["pages"]]
    form = {
        "request_id": found[1],
        "account": account,
        "page": pages,
        "permission": list(permissions),
        "decision": decision,
    }
    decided = emulator.http.post("/dialog/oauth/decision", data=form)
    assert decided.status_code == 302, decided.text
    query = parse_qs(urlsplit(decided.headers["location"]).query)
    return {name: values[0] for name, values in query.items()}


Consent = Callable[..., Credential]
Connect = Callable[..., Account]


@pytest.fixture
def consent(emulator: Emulator, facebook: Facebook) -> Consent:
    """Consents and returns the person's short-lived credential; options as for `decide`."""

    def consent(account: str = ANA, **choices: object) -> Credential:
        nothing = Secret("")
        url = facebook.consent_url(state=Secret("s"), redirect_uri=REDIRECT, verifier=nothing)
        back = decide(emulator, url, account, **choices)  # type: ignore[arg-type]
        return facebook.redeem(code=Secret(back["code"]), redirect_uri=REDIRECT, verifier=nothing)

    return consent


@pytest.fixture
def connect(consent: Consent, facebook: Facebook) -> Connect:
    """Consents and returns one of the Pages."""

    def connect(page: str = BAKERY, account: str = ANA) -> Account:
        usable = facebook.accounts(consent(account)).usable
        return next(found for found in usable if found.name == page)

    return connect


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    with scripted_server() as script:
        yield script


@pytest.fixture
def speaking(scripted: Scripted) -> Facebook:
    """An adapter whose Meta says what the script tells it to."""
    return Facebook(app_at(scripted.url), chunk_size=CHUNK)
