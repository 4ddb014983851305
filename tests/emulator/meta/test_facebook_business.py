"""Meta's own SDK and its VideoUploader, changed in nothing but the address."""
# mypy: disable-error-code="no-untyped-call"

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from facebook_business.adobjects.advideo import AdVideo
from facebook_business.adobjects.page import Page
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from requests.adapters import HTTPAdapter

from testkit.emulator import Emulator
from testkit.meta import APP_ID, APP_SECRET, BAKERY, page_id, page_token, person_token
from tests.emulator.stranger import sha256, some_bytes

FILE = some_bytes(5 * 1024**2 + 4321)
AD_ACCOUNT = "act_1234567890"


class Elsewhere(HTTPAdapter):
    """Sends what is meant for Meta's hosts to the emulator."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._target = urlsplit(url)

    def send(self, request: Any, *args: Any, **options: Any) -> Any:
        meant = urlsplit(request.url)
        request.url = meant._replace(
            scheme=self._target.scheme, netloc=self._target.netloc
        ).geturl()
        return super().send(request, *args, **options)


@pytest.fixture
def holiday(tmp_path: Path) -> Path:
    path = tmp_path / "holiday.mp4"
    path.write_bytes(FILE)
    return path


@pytest.fixture
def connect(emulator: Emulator) -> Iterator[Callable[[str], FacebookAdsApi]]:
    opened: list[FacebookAdsApi] = []

    def connect(token: str) -> FacebookAdsApi:
        api: FacebookAdsApi = FacebookAdsApi.init(APP_ID, APP_SECRET, token, crash_log=False)
        for host in ("https://graph.facebook.com", "https://graph-video.facebook.com"):
            api._session.requests.mount(host, Elsewhere(emulator.url))
        opened.append(api)
        return api

    yield connect
    for api in opened:
        api._session.requests.close()
    FacebookAdsApi.set_default_api(None)


def upload(api: FacebookAdsApi, parent: str, path: Path) -> AdVideo:
    video = AdVideo(parent_id=parent, api=api)
    video[AdVideo.Field.filepath] = str(path)
    video.remote_create()
    video.waitUntilEncodingReady(interval=0.05, timeout=20)
    return video


def test_its_uploader_uploads_a_video(
    emulator: Emulator, connect: Callable[[str], FacebookAdsApi], holiday: Path
) -> None:
    emulator.switch(range_bytes=2 * 1024**2, page_processing_seconds=0.2)
    video = upload(connect(page_token(emulator)), AD_ACCOUNT, holiday)
    (stored,) = emulator.videos()
    assert stored["id"] == video["id"]
    assert (stored["owner"], stored["title"]) == (page_id(emulator, BAKERY), "holiday.mp4")
    assert (stored["bytes"], stored["sha256"]) == (len(FILE), sha256(FILE))
    assert stored["published"]
    assert emulator.calls("page_videos.transfer") == 3


def test_its_uploader_follows_a_corrected_offset(
    emulator: Emulator, connect: Callable[[str], FacebookAdsApi], holiday: Path
) -> None:
    emulator.switch(page_processing_seconds=0.0)
    fault = emulator.fault("page_videos.transfer", "graph_error", reason="6001/1363037", skip=1)
    upload(connect(page_token(emulator)), page_id(emulator, BAKERY), holiday)
    (stored,) = emulator.videos()
    assert (stored["bytes"], stored["sha256"]) == (len(FILE), sha256(FILE))
    assert emulator.fired(fault) == 1
    assert emulator.calls("page_videos.transfer") == 3


def test_its_uploader_gives_up_when_the_offset_never_advances(
    emulator: Emulator, connect: Callable[[str], FacebookAdsApi], holiday: Path
) -> None:
    emulator.fault("page_videos.transfer", "offset_loop", times=None)
    with pytest.raises(FacebookRequestError) as caught:
        upload(connect(page_token(emulator)), AD_ACCOUNT, holiday)
    assert caught.value.api_error_subcode() == 1363037
    assert emulator.videos() == []


def test_a_person_s_ad_account_stands_for_their_first_page(
    emulator: Emulator, connect: Callable[[str], FacebookAdsApi], holiday: Path
) -> None:
    emulator.switch(page_processing_seconds=0.0)
    upload(connect(person_token(emulator)), AD_ACCOUNT, holiday)
    assert emulator.videos()[0]["owner"] == page_id(emulator, BAKERY)


def test_its_page_lists_the_video(
    emulator: Emulator, connect: Callable[[str], FacebookAdsApi], holiday: Path
) -> None:
    emulator.switch(page_processing_seconds=0.0)
    api = connect(page_token(emulator))
    video = upload(api, AD_ACCOUNT, holiday)
    listed = Page(page_id(emulator, BAKERY), api=api).get_videos(fields=["title"])
    assert [(each["id"], each["title"]) for each in listed] == [(video["id"], "holiday.mp4")]
