from collections.abc import Callable, Iterator
from typing import Any

import pytest

from domain.secrets import Secret
from platforms.facebook import Facebook, MetaApp
from platforms.protocol import Account, Credential
from testkit import meta
from testkit.emulator import Emulator
from tests.support.google import Scripted, scripted_server

REDIRECT = "http://127.0.0.1:8420/api/v1/oauth/facebook/callback"
CHUNK = 256 * 1024
UNUSED = Secret("there is no PKCE")
NOBODY = Credential(Secret("token-of-nobody"), None, None, meta.SCOPES)
"""Not known to anybody: for scripts, and for errors that come before the token is read."""

Consent = Callable[..., Credential]
Connect = Callable[..., Account]


@pytest.fixture(scope="session")
def emulator_process() -> Iterator[Emulator]:
    emulator = Emulator.start()
    yield emulator
    emulator.stop()


@pytest.fixture
def emulator(emulator_process: Emulator) -> Iterator[Emulator]:
    """An emulator whose apps are new, so that a test fails that uses what those may not."""
    emulator_process.reset()
    emulator_process.switch(page_processing_seconds=0, range_bytes=CHUNK)
    yield emulator_process
    assert emulator_process.calls("legacy.refused") == 0


def app_at(url: str) -> MetaApp:
    return MetaApp(
        app_id=meta.APP_ID,
        app_secret=Secret(meta.APP_SECRET),
        dialog_root=url,
        graph_root=url,
    )


@pytest.fixture
def app(emulator: Emulator) -> MetaApp:
    return app_at(emulator.url)


@pytest.fixture
def facebook(app: MetaApp) -> Facebook:
    return Facebook(app, chunk_size=CHUNK)


@pytest.fixture
def consent(emulator: Emulator, facebook: Facebook) -> Consent:
    """Consents, with the choices of `meta.consent`; returns the person's credential."""

    def consent(account: str = meta.ANA, **choices: Any) -> Credential:
        url = facebook.consent_url(state=Secret("s"), redirect_uri=REDIRECT, verifier=UNUSED)
        back = meta.query_of(meta.consent(emulator, url, account, **choices))
        return facebook.redeem(code=Secret(back["code"]), redirect_uri=REDIRECT, verifier=UNUSED)

    return consent


@pytest.fixture
def connect(consent: Consent, facebook: Facebook) -> Connect:
    """Consents and returns one of the Pages."""

    def connect(page: str = meta.BAKERY, account: str = meta.ANA) -> Account:
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
