import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from domain.errors import CastlineError
from domain.secrets import Secret
from store.keyring import Keyring, create_keyset, ensure_keyset_file


@pytest.fixture
def keyring() -> Keyring:
    return Keyring.from_json(create_keyset())


def test_what_is_sealed_opens_in_its_context(keyring: Keyring) -> None:
    sealed = keyring.seal(b"the plaintext", b"here")
    assert b"plaintext" not in sealed
    assert keyring.open(sealed, b"here") == b"the plaintext"


def test_sealing_twice_gives_different_bytes(keyring: Keyring) -> None:
    assert keyring.seal(b"same", b"here") != keyring.seal(b"same", b"here")


def test_a_ciphertext_names_its_key(keyring: Keyring) -> None:
    sealed = keyring.seal(b"x", b"here")
    assert keyring.key_id_of(sealed) == keyring.primary_key_id
    assert sealed.startswith(keyring.primary_prefix)


def flipped(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


@pytest.mark.parametrize(
    "spoil", [flipped, lambda data: data[:-1], lambda _: b"", lambda _: b"abc"]
)
def test_a_changed_ciphertext_does_not_open(keyring: Keyring, spoil) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(CastlineError) as caught:
        keyring.open(spoil(keyring.seal(b"the plaintext", b"here")), b"here")
    assert caught.value.code == "seal_broken"
    assert "plaintext" not in str(caught.value)


def test_another_context_or_key_set_does_not_open(keyring: Keyring) -> None:
    sealed = keyring.seal(b"x", b"here")
    with pytest.raises(CastlineError):
        keyring.open(sealed, b"there")
    with pytest.raises(CastlineError):
        Keyring.from_json(create_keyset()).open(sealed, b"here")


def test_a_rotated_key_set_seals_anew_and_opens_the_old(keyring: Keyring) -> None:
    extended = Keyring.from_json(keyring.with_new_key())
    assert extended.primary_key_id == keyring.primary_key_id
    rotated = Keyring.from_json(extended.with_newest_primary())
    old = keyring.seal(b"x", b"here")
    assert rotated.open(old, b"here") == b"x"
    assert rotated.primary_key_id != keyring.primary_key_id
    fresh = rotated.seal(b"x", b"here")
    assert rotated.key_id_of(fresh) == rotated.primary_key_id
    with pytest.raises(CastlineError):
        keyring.open(fresh, b"here")


@pytest.mark.parametrize("text", ["", "nonsense", "{}", '{"primaryKeyId": 1, "key": []}', "[1]"])
def test_what_is_no_key_set_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(CastlineError) as caught:
        Keyring.from_json(Secret(text))
    assert caught.value.code == "keyset_unusable"
    assert caught.value.__context__ is None


def test_the_file_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "keyset.json"
    ensure_keyset_file(path)
    made = path.read_bytes()
    ensure_keyset_file(path)
    assert path.read_bytes() == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["keyset.json"]
    assert Keyring.from_file(path).open(Keyring.from_file(path).seal(b"x", b""), b"") == b"x"


def test_many_who_make_the_file_at_once_find_the_same(tmp_path: Path) -> None:
    path = tmp_path / "keyset.json"

    def make(_: int) -> str:
        ensure_keyset_file(path)
        return Keyring.from_file(path).primary_key_id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(make, range(8)))) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["keyset.json"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "keyset.json"
    ensure_keyset_file(path)
    path.chmod(mode)
    for use in (ensure_keyset_file, Keyring.from_file):
        with pytest.raises(CastlineError, match="chmod 600") as caught:
            use(path)
        assert caught.value.code == "keyset_exposed"


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(CastlineError) as caught:
        Keyring.from_file(tmp_path / "keyset.json")
    assert caught.value.code == "keyset_missing"
