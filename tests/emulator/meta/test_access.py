"""Who may publish on a Page, and the words in which the others are refused."""

import httpx2
import pytest

from testkit.emulator import Emulator
from testkit.meta import (
    ANA,
    APP_TOKEN,
    ARCHIVE,
    BAKERY,
    CATERING,
    PARTIAL,
    page_id,
    page_rows,
    page_token,
    person_token,
    refusal,
)


def start(emulator: Emulator, page: str, token: str, **fields: str) -> httpx2.Response:
    """Begin to publish a video."""
    return emulator.http.post(
        f"/v27.0/{page}/videos",
        params={"access_token": token},
        data={"upload_phase": "start", "file_size": "2000", **fields},
    )


@pytest.fixture
def bakery(emulator: Emulator) -> str:
    """The id of the Page."""
    return page_id(emulator, BAKERY)


def test_a_pages_own_token_publishes(emulator: Emulator, bakery: str) -> None:
    assert start(emulator, bakery, page_token(emulator)).status_code == 200


def test_a_persons_token_meets_the_two_errors_that_puzzle(emulator: Emulator, bakery: str) -> None:
    token = person_token(emulator)
    answer = start(emulator, bakery, token)
    assert refusal(answer) == (100, None)
    assert answer.json()["error"]["message"] == "(#100) No permission to publish the video"
    assert refusal(start(emulator, bakery, token, published="false")) == (200, None)
    assert refusal(start(emulator, bakery, APP_TOKEN)) == (100, None)


def test_the_token_of_another_page_does_not_publish(emulator: Emulator, bakery: str) -> None:
    assert refusal(start(emulator, bakery, page_token(emulator, ANA, CATERING))) == (200, None)


def test_without_the_task_nothing_is_published(emulator: Emulator) -> None:
    archive = page_id(emulator, ARCHIVE)
    assert refusal(start(emulator, archive, page_token(emulator, ANA, ARCHIVE))) == (200, None)


def test_without_the_permission_nothing_is_published(emulator: Emulator) -> None:
    row = page_rows(emulator, person_token(emulator, PARTIAL))["Pat Partial"]
    answer = start(emulator, row["id"], row["access_token"])
    assert (answer.status_code, refusal(answer)) == (403, (200, None))


def test_a_page_that_was_unticked_later_is_not_published_on(
    emulator: Emulator, bakery: str
) -> None:
    token = page_token(emulator)
    person_token(emulator, pages=[page_id(emulator, CATERING)])
    assert refusal(start(emulator, bakery, token)) == (200, None)


def test_a_lost_role_is_its_own_subcode(emulator: Emulator, bakery: str) -> None:
    token = page_token(emulator)
    emulator.account(ANA, platform="facebook", roles={BAKERY: []})
    assert refusal(start(emulator, bakery, token)) == (190, 492)


def test_a_page_that_does_not_exist(emulator: Emulator) -> None:
    assert refusal(start(emulator, "123456", page_token(emulator))) == (100, 33)
