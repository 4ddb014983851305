"""What the settings make of the environment, and what they refuse."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from domain.errors import CastlineError
from runtime.settings import EMULATED_CLIENT_ID, GOOGLE_TOKEN_URL, Settings, known_names
from store.engine import Store
from transport.proxies import Way

GOOGLE = {"google_client_id": "an-id", "google_client_secret": "GOCSPX-1"}
META = {"meta_app_id": "1234", "meta_app_secret": "meta-1"}
EMULATOR = {"emulator_url": "http://127.0.0.1:8421"}

Read = Callable[..., Settings]


@pytest.fixture(autouse=True)
def _nothing_of_this_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = ("CASTLINE_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
    for name in [name for name in os.environ if name.upper().startswith(ours)]:
        monkeypatch.delenv(name)


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


def test_a_scope_to_ask_for_names_no_platform(read: Read) -> None:
    assert read(youtube_manages="true").names_no_platform
    assert not read(google_api_root="https://youtube.googleapis.com/").names_no_platform


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
        (sentence,) = faults(read, source_ports=wrong)
        assert re.match("CASTLINE_SOURCE_PORTS must be (a|at|greater|less) ", sentence)


def test_secrets_print_as_stars(read: Read) -> None:
    settings = read(**GOOGLE, keyset="the-keys")
    assert "GOCSPX-1" not in repr(settings)
    assert "the-keys" not in repr(settings)


def test_an_address_for_everyone_is_still_reached_from_here(read: Read) -> None:
    settings = read(host="0.0.0.0", port="9000", public_url="https://castline.example.com/")
    assert settings.local_url == "http://127.0.0.1:9000"
    assert settings.url == "https://castline.example.com"


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("::", "http://[::1]:8420"),
        ("::1", "http://[::1]:8420"),
        ("10.0.0.1", "http://10.0.0.1:8420"),
    ],
)
def test_the_local_address_is_a_url_for_every_host(read: Read, host: str, local: str) -> None:
    assert read(host=host).local_url == local


@pytest.mark.parametrize("name", ["a?b", "a%20b", "a#b", os.fsdecode(b"caf\xe9")], ids=ascii)
def test_a_data_folder_of_any_name_holds_its_database(
    read: Read, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / name
    folder.mkdir()
    store = Store(read(data_dir=str(folder)).database)
    store.migrate()
    store.close()
    assert (folder / "castline.db").exists()
    assert list(tmp_path.iterdir()) == [folder]


def faults(read: Read, **values: str) -> list[str]:
    """The sentences with which these are refused; none of them holds a secret."""
    with pytest.raises(CastlineError) as refused:
        read(**values)
    assert refused.value.code == "settings_refused"
    assert refused.value.__cause__ is None
    for value in values.values():
        assert len(value) < 5 or value not in refused.value.sentence
    return refused.value.sentence.splitlines()


@pytest.mark.parametrize("pair", [GOOGLE, META])
@pytest.mark.parametrize("there", [0, 1])
def test_half_a_pair_of_credentials_is_refused(
    read: Read, pair: dict[str, str], there: int
) -> None:
    names = list(pair)
    (sentence,) = faults(read, **{names[there]: pair[names[there]]})
    assert sentence == (
        f"CASTLINE_{names[there].upper()} is set, but CASTLINE_{names[1 - there].upper()} is not. "
        "Set both or neither."
    )


def test_one_platform_or_both_are_enough(read: Read) -> None:
    assert read(**GOOGLE).has_app_credentials
    assert read(**META).has_app_credentials


@pytest.mark.parametrize(
    ("wrong", "meant"), [("GOGLE_CLIENT_ID", "GOOGLE_CLIENT_ID"), ("PUBLC_URL", "PUBLIC_URL")]
)
def test_a_misspelt_name_is_refused_with_the_nearest_one(
    read: Read, wrong: str, meant: str
) -> None:
    (sentence,) = faults(read, **{wrong: "secret-value"})
    assert sentence.startswith(f"CASTLINE_{wrong} is not a setting")
    assert sentence.endswith(f"Did you mean CASTLINE_{meant}?")


def test_a_name_like_no_other_is_refused_and_empty_ones_too(read: Read) -> None:
    (sentence,) = faults(read, XYLOPHONE="")
    assert "is not a setting of Castline. Remove it" in sentence


def test_names_of_commands_and_tests_are_known(read: Read) -> None:
    assert read(key="cl_1", url="http://127.0.0.1:9", require_all="1")
    assert "CASTLINE_REQUIRE_ALL" in known_names()


@pytest.mark.parametrize("real", [GOOGLE, META, GOOGLE | META])
def test_the_emulator_is_refused_beside_real_credentials(read: Read, real: dict[str, str]) -> None:
    (sentence,) = faults(read, **EMULATOR, **real)
    assert "the credentials would be sent to the emulator" in sentence
    assert all(f"CASTLINE_{name.upper()}" in sentence for name in real)


def test_the_emulator_is_refused_behind_a_public_https_url(read: Read) -> None:
    (sentence,) = faults(read, **EMULATOR, public_url="https://castline.example.com")
    assert "public https URL" in sentence


@pytest.mark.parametrize("url", ["http://127.0.0.1:8420", "https://localhost:8420"])
def test_the_emulator_is_taken_behind_a_url_of_this_machine(read: Read, url: str) -> None:
    assert read(**EMULATOR, public_url=url).google_client_id == EMULATED_CLIENT_ID


@pytest.mark.parametrize(
    "name",
    [
        "google_token_url",
        "google_revoke_url",
        "google_api_root",
        "meta_graph_root",
        "meta_dialog_root",
    ],
)
def test_a_platform_in_clear_on_another_machine_is_refused(read: Read, name: str) -> None:
    (sentence,) = faults(read, **GOOGLE, **{name: "http://proxy.example.com/x"})
    assert sentence.startswith(f"CASTLINE_{name.upper()} is plain http")
    assert read(**GOOGLE, **{name: "http://127.0.0.1:9/x"})
    assert read(**GOOGLE, **{name: "https://proxy.example.com/x"})


def test_a_public_url_in_clear_is_refused_beside_real_credentials(read: Read) -> None:
    (sentence,) = faults(read, **META, public_url="http://castline.example.com")
    assert sentence.startswith("CASTLINE_PUBLIC_URL is plain http on another machine")
    assert read(**META, public_url="http://localhost:8420")
    assert read(**META, public_url="https://castline.example.com")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("port", "abcde", "a valid integer"),
        ("port", "70000", "less than or equal to 65535"),
        ("log_json", "perhaps", "a valid boolean"),
        ("care_hours", "-1.25", "greater than 0"),
        ("reminder_days", "1,soon", "numbers separated by commas"),
        ("public_url", "castline.example.com", "an http or https URL"),
        ("public_url", "https://user:password@castline.example.com", "an http or https URL"),
        ("temporal_ui_url", "http://[::1", "an http or https URL"),
        ("emulator_url", "localhost:8421", "an http or https URL"),
        ("temporal_address", "temporal", "host:port"),
        ("database_url", "mysql://castline:password@host/name", "a URL that begins with"),
        ("database_url", "postgresql+psycopg://u:password@host:port/name", "postgresql://user:"),
        ("database_url", "postgres://u:pass@word@host/name", "a URL whose user and password are"),
        ("database_url", "postgres://u:pass/word@host/name", "a URL whose user and password are"),
        ("database_url", "postgres://u:1#word@host/name", "a URL whose user and password are"),
        ("database_url", "sqlite:///:memory:", "sqlite:/// and the path of a file"),
        ("platform_proxy", "socks5://user:password@host:1080", "the http or https URL of a proxy"),
        ("source_proxy", "http://user:pass#word@host:3128", "the http or https URL of a proxy"),
        ("webhook_proxy", "http://:3128/", "the http or https URL of a proxy"),
        ("no_proxy", "example.com,10.0.0.0/99", "names, IP addresses and networks"),
        ("sqlite_synchronous", "off", "'full' or 'normal'"),
        ("log_level", "LOUDLY", "one of CRITICAL"),
    ],
)
def test_a_malformed_value_is_named_and_not_shown(
    read: Read, name: str, value: str, expected: str
) -> None:
    (sentence,) = faults(read, **{name: value})
    assert sentence.startswith(f"CASTLINE_{name.upper()} must be {expected}")


def test_each_way_has_the_proxy_of_its_setting_or_the_usual_one(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:password@usual:1")
    monkeypatch.setenv("https_proxy", "http://user:password@lower:1")
    monkeypatch.setenv("no_proxy", "near.example")
    settings = read(source_proxy="http://user:password@source:2", webhook_proxy="None")

    def host(way: Way | None, target: str = "far.example") -> str | None:
        proxy = settings.proxies(way).find("https", target, 443)
        return None if proxy is None else proxy.host

    assert [host(way) for way in (*Way, None)] == ["lower", "source", None, "lower"]
    assert host(Way.SOURCES, "near.example") is None
    assert "password" not in repr(settings) + repr(settings.proxies(Way.SOURCES))
    # They are those of the moment at which the settings were read.
    monkeypatch.delenv("https_proxy")
    assert host(Way.PLATFORMS) == "lower"
    again = read(no_proxy="none")
    assert again.proxies(Way.SOURCES).find("https", "near.example", 443)


def test_a_usual_proxy_that_cannot_be_used_is_refused_unless_every_way_has_its_own(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://user:password@host:1080")
    found = faults(read, platform_proxy="none")
    assert [sentence.partition(" must be ")[0] for sentence in found] == 2 * [
        "all_proxy or ALL_PROXY"
    ]
    assert found[0].endswith("Correct it, or set CASTLINE_SOURCE_PROXY.")
    assert read(platform_proxy="none", source_proxy="none", webhook_proxy="none")


@pytest.mark.parametrize("way", ["source", "webhook"])
def test_a_policy_is_left_to_no_proxy_that_is_not_there(
    read: Read, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    (sentence,) = faults(read, **{f"{way}_proxy": "none", f"{way}_proxy_enforces_policy": "true"})
    assert sentence.startswith(f"CASTLINE_{way.upper()}_PROXY_ENFORCES_POLICY is set")
    settings = read(**{f"{way}_proxy": "http://proxy:3128"})
    assert settings.proxies(Way.SOURCES if way == "source" else Way.WEBHOOKS).resolves


def test_all_faults_come_at_once(read: Read) -> None:
    found = faults(
        read,
        port="abcde",
        chunk_mib="many!",
        google_client_secret="GOCSPX-1",
        meta_app_id="12345",
        tempral_address="somewhere:7233",
    )
    named = {sentence.split()[0].removeprefix("CASTLINE_") for sentence in found}
    assert named == {
        "PORT",
        "CHUNK_MIB",
        "GOOGLE_CLIENT_SECRET",
        "META_APP_ID",
        "TEMPRAL_ADDRESS",
    }


def test_a_setting_by_another_name_is_refused_in_code_too() -> None:
    with pytest.raises(CastlineError, match="_PROT is not a setting"):
        Settings.model_validate({"prot": 1})
