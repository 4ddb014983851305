"""An upload is read by its id, by the workspace that sent it, and in no other way."""

from pathlib import Path

import pytest

from domain.errors import SourceUnusable
from media.open import open_found
from media.policy import SourcePolicies
from media.upload import upload_id_of, upload_url
from tests.media.conftest import still

OURS = "01a212b5-c17b-7c6d-8e0f-aaaaaaaaaaaa"
THEIRS = "01a212b5-c17b-7c6d-8e0f-bbbbbbbbbbbb"


@pytest.fixture
def policies(tmp_path: Path) -> SourcePolicies:
    for workspace, upload in (("wsp_ours", OURS), ("wsp_theirs", THEIRS)):
        (tmp_path / "media" / workspace).mkdir(parents=True)
        (tmp_path / "media" / workspace / upload).write_bytes(workspace.encode())
    (tmp_path / "keyset.json").write_bytes(b"secret")
    return SourcePolicies(data_dir=tmp_path, roots_of=lambda _: (Path("/"),))


def refused(url: str, policies: SourcePolicies) -> str:
    with pytest.raises(SourceUnusable) as raised:
        open_found(url, policy=policies.of("wsp_ours"))
    return raised.value.code


def test_a_workspace_reads_its_own_upload(policies: SourcePolicies) -> None:
    source = open_found(upload_url(OURS), policy=policies.of("wsp_ours"))
    view = memoryview(bytearray(100))
    assert bytes(view[: source.read_into(view)]) == b"wsp_ours"
    source.verify(still)
    source.close()


def test_a_foreign_upload_is_answered_like_an_unknown_one(policies: SourcePolicies) -> None:
    unknown = "01a212b5-c17b-7c6d-8e0f-cccccccccccc"
    assert refused(upload_url(THEIRS), policies) == "source_missing"
    assert refused(upload_url(unknown), policies) == "source_missing"


def test_a_workspace_without_uploads_has_none(policies: SourcePolicies) -> None:
    with pytest.raises(SourceUnusable) as raised:
        open_found(upload_url(OURS), policy=policies.of("wsp_new"))
    assert raised.value.code == "source_missing"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "..",
        f"../wsp_theirs/{THEIRS}",
        "../../keyset.json",
        f"//{OURS}",
        f"{OURS}/",
        f"{OURS}\n",
        f"{OURS}?x",
        OURS.upper(),
        OURS.replace("a", "%61", 1),
        f"{OURS}.json",
    ],
)
def test_an_address_holds_nothing_but_an_id(policies: SourcePolicies, name: str) -> None:
    assert refused(f"upload:{name}", policies) == "source_not_allowed"


def test_an_upload_is_no_file_to_anybody(policies: SourcePolicies, tmp_path: Path) -> None:
    for workspace, upload in (("wsp_ours", OURS), ("wsp_theirs", THEIRS)):
        url = (tmp_path / "media" / workspace / upload).as_uri()
        assert refused(url, policies) == "source_not_allowed"


def test_what_took_the_place_of_an_upload_is_not_read(
    policies: SourcePolicies, tmp_path: Path
) -> None:
    path = tmp_path / "media" / "wsp_ours" / OURS
    path.unlink()
    path.symlink_to(tmp_path / "keyset.json")
    assert refused(upload_url(OURS), policies) == "source_missing"
    path.unlink()
    path.mkdir()
    assert refused(upload_url(OURS), policies) == "source_not_a_video"


def test_the_id_in_an_address_is_told_from_other_addresses() -> None:
    assert upload_id_of(upload_url(OURS)) == OURS
    assert upload_id_of("file:///srv/upload:x") is None
