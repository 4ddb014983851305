import pytest

from domain.errors import InvalidRequest
from domain.secrets import Secret
from domain.states import PlatformName
from media.policy import SourcePolicy
from platforms.registry import build_registry
from platforms.youtube import GoogleApp, YouTube

APP = GoogleApp("id", Secret("secret"), "https://a", "https://t", "https://r", "https://api/")
CHUNK = 32 * 1024 * 1024


def test_a_platform_with_credentials_is_there_by_its_name() -> None:
    registry = build_registry(google=APP, chunk_size=CHUNK, policy=SourcePolicy())
    assert registry.names == ("youtube",)
    assert isinstance(registry.get("youtube"), YouTube)
    assert registry.get(PlatformName.YOUTUBE) is registry.get("youtube")


@pytest.mark.parametrize("name", ["facebook", "YouTube", "", "youtube "])
def test_an_unknown_platform_is_refused_and_the_known_ones_are_named(name: str) -> None:
    registry = build_registry(google=APP, chunk_size=CHUNK, policy=SourcePolicy())
    with pytest.raises(InvalidRequest) as caught:
        registry.get(name)
    assert caught.value.code == "unknown_platform"
    assert "youtube" in caught.value.sentence
    assert list(caught.value.details) == ["platform"]


def test_a_platform_without_credentials_is_not_there() -> None:
    registry = build_registry(google=None, chunk_size=CHUNK, policy=SourcePolicy())
    assert registry.names == ()
    with pytest.raises(InvalidRequest):
        registry.get("youtube")


@pytest.mark.parametrize("manages", [True, False])
def test_managing_is_asked_for_only_where_wanted(manages: bool) -> None:
    registry = build_registry(
        google=APP, chunk_size=CHUNK, policy=SourcePolicy(), youtube_manages=manages
    )
    scopes = registry.get("youtube").capabilities.scopes
    assert any(scope.endswith("youtube.force-ssl") for scope in scopes) is manages


def test_a_chunk_size_that_youtube_cannot_take_is_noticed_at_once() -> None:
    with pytest.raises(ValueError, match="multiple"):
        build_registry(google=APP, chunk_size=CHUNK + 1, policy=SourcePolicy())
