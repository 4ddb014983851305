"""The adapters of a process: those whose app credentials are set."""

import pytest

from domain.errors import InvalidRequest, PlatformNotConfigured
from domain.states import PlatformName
from platforms.facebook import Facebook
from platforms.registry import Registry
from platforms.youtube import YouTube
from runtime.parts import build_registry
from runtime.settings import Settings


def registry_of(**settings: object) -> Registry:
    google = {"google_client_id": "id", "google_client_secret": "secret"}
    return build_registry(Settings.model_validate({**google, **settings}))


def test_a_platform_with_credentials_is_there_by_its_name() -> None:
    registry = registry_of()
    assert registry.names == ("youtube",)
    assert isinstance(registry.get("youtube"), YouTube)
    assert registry.get(PlatformName.YOUTUBE) is registry.get("youtube")


@pytest.mark.parametrize("name", ["instagram", "YouTube", "", "youtube "])
def test_an_unknown_platform_is_refused_and_the_known_ones_are_named(name: str) -> None:
    registry = registry_of()
    with pytest.raises(InvalidRequest) as caught:
        registry.get(name)
    assert caught.value.code == "unknown_platform"
    assert "youtube" in caught.value.sentence
    assert list(caught.value.details) == ["platform"]


def test_each_platform_is_there_with_credentials_of_its_own() -> None:
    meta = {"meta_app_id": "1", "meta_app_secret": "secret"}
    assert registry_of(**meta).names == ("youtube", "facebook")
    only_meta = registry_of(google_client_id=None, google_client_secret=None, **meta)
    assert only_meta.names == ("facebook",)
    assert isinstance(only_meta.get(PlatformName.FACEBOOK), Facebook)


def test_a_platform_without_credentials_is_not_there() -> None:
    registry = registry_of(google_client_id=None, google_client_secret=None)
    assert registry.names == ()
    with pytest.raises(PlatformNotConfigured) as caught:
        registry.get("youtube")
    assert (caught.value.code, caught.value.status) == ("platform_not_configured", 409)
    assert "not configured for youtube" in caught.value.sentence


@pytest.mark.parametrize("manages", [True, False])
def test_managing_is_asked_for_only_where_wanted(manages: bool) -> None:
    registry = registry_of(youtube_manages=manages)
    scopes = registry.get("youtube").capabilities.scopes
    assert any(scope.endswith("youtube.force-ssl") for scope in scopes) is manages
