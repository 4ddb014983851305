"""The way to Meta: each call once, no token in an address, budgets left alone in time."""

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from email import message_from_bytes
from typing import Any

import pytest

from domain.errors import PlatformUnavailable, QuotaExhausted
from domain.secrets import Secret
from platforms.facebook import Facebook, MetaApp
from platforms.facebook.graph import Graph, Multipart, form_of
from platforms.facebook.usage import APP, Usage
from platforms.http import Http
from platforms.protocol import Credential, Publication
from runtime.settings import META_GRAPH_VERSION
from testkit import meta
from testkit.emulator import Emulator
from tests.platforms.facebook.conftest import (
    NOBODY,
    REDIRECT,
    UNUSED,
    Connect,
    Consent,
    app_at,
)
from tests.support.google import Scripted

TOKEN = Secret("a-token")


@pytest.fixture
def graph(scripted: Scripted) -> Graph:
    return Graph(app_at(scripted.url), Http("Meta"), Usage())


@pytest.fixture
def real(app: MetaApp) -> Graph:
    return Graph(app, Http("Meta"), Usage())


def test_the_version_is_the_newest_that_the_emulator_serves(
    emulator: Emulator, real: Graph
) -> None:
    assert real.app.version == META_GRAPH_VERSION == "v27.0"
    newest = emulator.http.get("/me").headers["facebook-api-version"]
    assert newest == real.app.version


def test_a_token_is_in_no_address(scripted: Scripted, graph: Graph) -> None:
    scripted.answers = [(200, {"id": "1"})] * 2
    for method in ("GET", "POST"):
        graph.call(method, "me", TOKEN, {"fields": "id"})
    for _, path, body in scripted.asked:
        assert path.startswith("/v27.0/me")
        assert "a-token" not in path
        assert b"a-token" not in body
        assert (b"appsecret_proof=" in body) != ("appsecret_proof=" in path)


def test_a_call_without_an_answer_is_made_once(scripted: Scripted, graph: Graph) -> None:
    with pytest.raises(PlatformUnavailable) as caught:
        graph.call("POST", "1/videos", TOKEN)
    assert caught.value.code == "unreachable"
    assert len(scripted.asked) == 1


@pytest.mark.parametrize("told", ["true", '{"success": true}'])
def test_both_ways_to_say_done_are_understood(scripted: Scripted, graph: Graph, told: str) -> None:
    scripted.answers = [(200, told)]
    assert graph.call("POST", "7/permissions", TOKEN) == {"success": True}


@pytest.mark.parametrize("told", ["", "<html>", "[]", "7", "false", '{"success": false}'])
def test_a_success_that_says_nothing_leaves_the_outcome_open(
    scripted: Scripted, graph: Graph, told: str
) -> None:
    scripted.answers = [(200, told)]
    with pytest.raises(PlatformUnavailable) as caught:
        graph.call("POST", "1/videos", TOKEN)
    assert caught.value.code == "unreadable_answer"


def test_an_error_with_the_status_of_a_success_is_an_error(
    scripted: Scripted, graph: Graph
) -> None:
    scripted.answers = [(200, {"error": {"code": 613}})]
    with pytest.raises(QuotaExhausted):
        graph.call("GET", "me", TOKEN)


def test_fields_are_written_as_meta_reads_them() -> None:
    fields = {"a": "text", "b": True, "c": 7, "d": ["1"], "e": {"k": [1]}, "f": None}
    assert form_of(fields) == {"a": "text", "b": "true", "c": "7", "d": '["1"]', "e": '{"k": [1]}'}


def test_a_multipart_form_can_be_read_by_others() -> None:
    form = Multipart({"n": 1, "text": "Brötchen"}, "source", 'a "name".mp4', "video/mp4")
    body = form.head + b"the bytes" + form.tail
    message = message_from_bytes(b"Content-Type: " + form.form_type.encode() + b"\r\n\r\n" + body)
    parts: Any = message.get_payload()
    named = {part.get_param("name", header="content-disposition"): part for part in parts}
    assert {name: part.get_payload(decode=True) for name, part in named.items()} == {
        "n": b"1",
        "text": "Brötchen".encode(),
        "source": b"the bytes",
    }
    assert named["source"].get_content_type() == "video/mp4"
    assert named["source"].get_filename() == "a %22name%22.mp4"


# Budgets -----------------------------------------------------------------------------


@pytest.fixture
def publication(connect: Connect) -> Publication:
    return Publication(
        account_id=connect().id,
        marker="01a21238-d23d-7988-97a6-b5c4d3e2f100.mp4",
        type="video",
        payload={"title": "Sourdough"},
        size=4096,
        content_type="video/mp4",
        file_name="sourdough.mp4",
    )


def test_castline_stays_away_before_facebook_refuses(
    emulator: Emulator, facebook: Facebook, connect: Connect, publication: Publication
) -> None:
    credential = connect().credential
    emulator.switch(page_calls_per_day=20)

    def publish_for_ever() -> None:
        while True:
            facebook.open_session(credential, publication)

    with pytest.raises(QuotaExhausted) as caught:
        publish_for_ever()
    # Facebook's own refusals have a reason: the code of the error.
    assert (caught.value.code, caught.value.reason) == ("rate_limited", None)
    assert 15 < emulator.calls("page_videos.start") < 20


def test_a_throttled_page_is_left_alone_and_the_others_go_on(
    emulator: Emulator, facebook: Facebook, consent: Consent, publication: Publication
) -> None:
    pages = {page.name: page for page in facebook.accounts(consent()).usable}
    emulator.fault("page_videos.start", "graph_error", reason="80001", retry_after=42)
    untils = []
    for _ in range(2):
        with pytest.raises(QuotaExhausted) as caught:
            facebook.open_session(pages[meta.BAKERY].credential, publication)
        untils.append(caught.value.until)
    assert untils[0] == untils[1]
    assert emulator.calls("page_videos.start") == 1
    other = pages[meta.CATERING]
    assert facebook.open_session(other.credential, replace(publication, account_id=other.id))


def test_a_throttled_app_is_left_alone_too(emulator: Emulator, real: Graph) -> None:
    emulator.fault("debug_token", "graph_error", reason="4", retry_after=3)
    for _ in range(2):
        with pytest.raises(QuotaExhausted):
            real.call("GET", "debug_token", real.app.token, {"input_token": "x"}, budget=APP)
    assert emulator.calls("debug_token") == 1


def test_a_block_that_is_no_budget_leaves_reading_free(
    emulator: Emulator, facebook: Facebook, connect: Connect, publication: Publication
) -> None:
    credential = connect().credential
    emulator.fault("page_videos.start", "graph_error", reason="368/1390008")
    with pytest.raises(QuotaExhausted) as caught:
        facebook.open_session(credential, publication)
    assert caught.value.code == "posting_too_fast"
    assert facebook.open_session(credential, publication)


# Threads and secrets -----------------------------------------------------------------


def test_threads_share_an_adapter(facebook: Facebook, connect: Connect) -> None:
    credential = connect().credential
    with ThreadPoolExecutor(8) as threads:
        titles = set(threads.map(lambda _: facebook.channel(credential).title, range(64)))
    assert titles == {meta.BAKERY}


def test_no_cookie_passes_from_one_account_to_another(
    scripted: Scripted, speaking: Facebook
) -> None:
    scripted.answers = [(200, {"id": "1"})] * 2
    assert speaking.channel(NOBODY) == speaking.channel(NOBODY)
    assert scripted.cookies == [None, None]


def test_an_error_carries_no_cause_and_no_token(
    emulator: Emulator, facebook: Facebook, connect: Connect
) -> None:
    credential = connect().credential
    emulator.fault("me.get", "graph_error", reason="190/460")
    with pytest.raises(Exception, match="password") as caught:
        facebook.channel(credential)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert credential.access_token.reveal() not in repr(vars(caught.value))


def test_no_secret_is_logged(
    emulator: Emulator, facebook: Facebook, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    url = facebook.consent_url(state=Secret("s"), redirect_uri=REDIRECT, verifier=UNUSED)
    code = meta.query_of(meta.consent(emulator, url))["code"]
    person = facebook.redeem(code=Secret(code), redirect_uri=REDIRECT, verifier=UNUSED)
    page = facebook.accounts(person).usable[0].credential
    facebook.channel(page)
    facebook.refresh(page)
    facebook.verify_app()
    facebook.revoke(page)
    known = (code, meta.APP_SECRET, *(token(each) for each in (person, page)))
    # The dialog and the emulator are driven by a client of the test's own.
    ours = "\n".join(r.getMessage() for r in caplog.records if "_emulator" not in r.getMessage())
    assert not [secret for secret in known if secret in ours]


def token(credential: Credential) -> str:
    return credential.access_token.reveal()
