"""What the settings make of the environment."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from settings import EMULATED_CLIENT_ID, GOOGLE_TOKEN_URL, Settings

Read = Callable[..., Settings]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Read:
    """The settings of an environment with these values."""

    def from_environment(**values: str) -> Settings:
        for name, value in values.items():
            monkeypatch.setenv(f"CASTLINE_{name.upper()}", value)
        return Settings()

    return from_environment


def test_the_emulator_stands_in_for_what_is_not_set(read: Read) -> None:
    settings = read(
        emulator_url="http://emulator:8421/",
        google_auth_url="http://127.0.0.1:8421/o/oauth2/v2/auth",
    )
    assert settings.google_client_id == EMULATED_CLIENT_ID
    assert settings.google_token_url == "http://emulator:8421/token"
    assert settings.google_auth_url.startswith("http://127.0.0.1:8421/")


def test_empty_counts_as_not_set(read: Read) -> None:
    settings = read(emulator_url="", google_client_id="", google_client_secret="")
    assert settings.emulator_url is None
    assert not settings.has_app_credentials
    assert settings.google_token_url == GOOGLE_TOKEN_URL


def test_folders_are_separated_like_a_path(read: Read) -> None:
    assert read(media_roots="/srv/a:/srv/b").media_roots == (Path("/srv/a"), Path("/srv/b"))


def test_ports_are_a_list_of_real_ones(read: Read) -> None:
    assert read().source_ports == {443, 8443}
    assert read(source_ports="443,9443").source_ports == {443, 9443}
    for wrong in (",", "0", "443,70000", "https"):
        with pytest.raises(ValidationError):
            read(source_ports=wrong)


def test_secrets_print_as_stars(read: Read) -> None:
    settings = read(google_client_secret="GOCSPX-1", keyset="the-keys")
    assert "GOCSPX-1" not in repr(settings)
    assert "the-keys" not in repr(settings)


def test_an_address_for_everyone_is_still_reached_from_here(read: Read) -> None:
    settings = read(host="0.0.0.0", port="9000", public_url="https://castline.example.com/")
    assert settings.local_url == "http://127.0.0.1:9000"
    assert settings.url == "https://castline.example.com"
