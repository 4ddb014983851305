import os
from pathlib import Path

import pytest

from domain.errors import SourceUnusable
from media.open import open_found, open_source
from media.policy import SourcePolicies, SourcePolicy
from media.source import Pin
from tests.media.conftest import move, read, still


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "films"
    root.mkdir()
    return root


@pytest.fixture
def policy(root: Path) -> SourcePolicy:
    return SourcePolicy(roots=(root,))


@pytest.fixture
def film(root: Path, data: bytes) -> Path:
    path = root / "summer rain.mp4"
    path.write_bytes(data)
    return path


def refused(url: str, policy: SourcePolicy) -> str:
    with pytest.raises(SourceUnusable) as raised:
        open_found(url, policy=policy)
    return raised.value.code


def test_a_file_is_read_from_any_offset(film: Path, policy: SourcePolicy, data: bytes) -> None:
    source = open_found(film.as_uri(), policy=policy)
    assert read(source, 10) == data[:10]
    assert move(source, 600_000) == 1
    assert read(source, 200_000) == data[600_000:]
    assert source.read_into(memoryview(bytearray(1))) == 0
    source.verify(still)
    source.close()
    source.close()


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "file:relative.mp4",
        "file://elsewhere.example/films/a.mp4",
        "file:///films/a%00.mp4",
        "file://[broken/a.mp4",
        "",
        "a.mp4",
        "s3://bucket/a.mp4",
    ],
)
def test_what_is_not_under_a_root_is_not_read(url: str, policy: SourcePolicy) -> None:
    assert refused(url, policy) == "source_not_allowed"


def test_dots_do_not_lead_out_of_a_root(film: Path, policy: SourcePolicy) -> None:
    assert refused(f"{film.parent.as_uri()}/../../etc/passwd", policy) == "source_not_allowed"


def test_a_symlink_does_not_lead_out_of_a_root(root: Path, policy: SourcePolicy) -> None:
    (root / "link.mp4").symlink_to("/etc/passwd")
    assert refused((root / "link.mp4").as_uri(), policy) == "source_not_allowed"


def test_a_symlink_within_a_root_is_followed(film: Path, policy: SourcePolicy) -> None:
    link = film.with_name("link.mp4")
    link.symlink_to(film)
    open_found(link.as_uri(), policy=policy).close()


def test_without_roots_no_file_is_read(film: Path) -> None:
    assert refused(film.as_uri(), SourcePolicy()) == "source_not_allowed"


def test_a_missing_file_is_told(root: Path, policy: SourcePolicy) -> None:
    assert refused((root / "none.mp4").as_uri(), policy) == "source_missing"
    assert refused((root / ("n" * 300)).as_uri(), policy) == "source_missing"


def test_a_circle_of_symlinks_is_a_missing_file(root: Path, policy: SourcePolicy) -> None:
    (root / "a.mp4").symlink_to(root / "b.mp4")
    (root / "b.mp4").symlink_to(root / "a.mp4")
    assert refused((root / "a.mp4").as_uri(), policy) == "source_missing"


def test_a_pipe_is_not_waited_for(root: Path, policy: SourcePolicy) -> None:
    os.mkfifo(root / "pipe.mp4")
    assert refused((root / "pipe.mp4").as_uri(), policy) == "source_not_a_video"
    assert refused(root.as_uri(), policy) == "source_not_a_video"


def test_another_version_than_the_pinned_one_is_not_opened(
    film: Path, policy: SourcePolicy, data: bytes
) -> None:
    pin = open_found(film.as_uri(), policy=policy).pin
    open_source(film.as_uri(), pin=pin, policy=policy).close()
    with pytest.raises(SourceUnusable) as raised:
        open_source(film.as_uri(), pin=Pin(size=len(data), version="older"), policy=policy)
    assert raised.value.code == "source_changed"


def test_a_file_replaced_under_its_name_has_changed(
    film: Path, policy: SourcePolicy, data: bytes
) -> None:
    source = open_found(film.as_uri(), policy=policy)
    mtime = film.stat().st_mtime_ns
    other = film.with_name("other.mp4")
    other.write_bytes(data)
    os.utime(other, ns=(mtime, mtime))
    other.replace(film)
    with pytest.raises(SourceUnusable) as raised:
        source.verify(still)
    assert raised.value.code == "source_changed"


def test_a_file_written_in_place_has_changed(film: Path, policy: SourcePolicy) -> None:
    source = open_found(film.as_uri(), policy=policy)
    with film.open("r+b") as file:
        file.write(b"x")
    os.utime(film, ns=(1, 1))
    with pytest.raises(SourceUnusable):
        source.verify(still)


def test_a_file_cut_off_under_way_has_changed(film: Path, policy: SourcePolicy) -> None:
    source = open_found(film.as_uri(), policy=policy)
    os.truncate(film, 1000)
    source.seek(1000)
    with pytest.raises(SourceUnusable) as raised:
        source.read_into(memoryview(bytearray(10)))
    assert raised.value.code == "source_changed"


def test_a_file_that_was_moved_away_has_changed(film: Path, policy: SourcePolicy) -> None:
    source = open_found(film.as_uri(), policy=policy)
    film.unlink()
    with pytest.raises(SourceUnusable):
        source.verify(still)


@pytest.fixture
def data_dir(root: Path) -> Path:
    """Castline's own data, in the folder that was opened."""
    folder = root / "data"
    (folder / "media" / "wsp_theirs").mkdir(parents=True)
    for name in ("keyset.json", "castline.db", "media/wsp_theirs/upl_1"):
        (folder / name).write_bytes(b"secret")
    return folder


@pytest.fixture
def guarded(root: Path, data_dir: Path) -> SourcePolicy:
    policies = SourcePolicies(
        data_dir=data_dir, roots_of=lambda _: (root,), secrets=(data_dir / "keyset.json",)
    )
    return policies.of("wsp_ours")


@pytest.mark.parametrize(
    "name",
    [
        "data/keyset.json",
        "data/castline.db",
        "data/missing",
        "data/media/wsp_theirs/upl_1",
        "other/../data/keyset.json",
        "data/media/../keyset.json",
        "./data//keyset.json",
    ],
)
def test_the_data_folder_is_kept_out_whatever_the_roots(
    root: Path, guarded: SourcePolicy, name: str
) -> None:
    (root / "other").mkdir()
    assert refused(f"file://{root}/{name}", guarded) == "source_not_allowed"


def test_a_symlink_does_not_lead_into_the_data_folder(
    root: Path, data_dir: Path, guarded: SourcePolicy
) -> None:
    (root / "keys.srt").symlink_to(data_dir / "keyset.json")
    (root / "inner").symlink_to(data_dir)
    assert refused((root / "keys.srt").as_uri(), guarded) == "source_not_allowed"
    assert refused(f"{root.as_uri()}/inner/castline.db", guarded) == "source_not_allowed"


def test_a_hard_link_to_the_key_set_is_known_by_its_inode(
    root: Path, data_dir: Path, guarded: SourcePolicy
) -> None:
    (root / "keys.srt").hardlink_to(data_dir / "keyset.json")
    assert refused((root / "keys.srt").as_uri(), guarded) == "source_not_allowed"


def test_a_data_folder_that_is_a_symlink_is_kept_out(root: Path, data_dir: Path) -> None:
    (root / "alias").symlink_to(data_dir)
    policy = SourcePolicies(data_dir=root / "alias", roots_of=lambda _: (root,)).of("wsp_ours")
    assert refused((data_dir / "castline.db").as_uri(), policy) == "source_not_allowed"


def test_what_lies_beside_the_data_folder_is_read(
    film: Path, guarded: SourcePolicy, data: bytes
) -> None:
    assert open_found(film.as_uri(), policy=guarded).pin.size == len(data)


@pytest.mark.parametrize("inside", [True, False])
def test_a_sentence_on_a_file_is_valid_text_whatever_its_name(
    root: Path, policy: SourcePolicy, inside: bool
) -> None:
    folder = root if inside else root.parent
    missing = folder / os.fsdecode(b"caf\xe9\n.mp4")
    with pytest.raises(SourceUnusable) as raised:
        open_found(missing.as_uri(), policy=policy)
    assert "caf\ufffd_.mp4" in raised.value.sentence
    assert raised.value.sentence.encode()


def test_a_folder_of_any_name_may_be_a_root(tmp_path: Path, data: bytes) -> None:
    root = tmp_path / os.fsdecode(b"fa\xe7ade #1")
    root.mkdir()
    (root / "film.mp4").write_bytes(data)
    source = open_found((root / "film.mp4").as_uri(), policy=SourcePolicy(roots=(root,)))
    assert source.pin.size == len(data)
    source.close()
