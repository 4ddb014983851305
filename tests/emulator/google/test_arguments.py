"""Reading a query, without the emulator."""

from multidict import MultiDict

from emulator.google.api.arguments import Arguments, plain_query
from emulator.google.api.document import METHODS, methods_at


def test_tokens_and_keys_are_not_kept_with_a_query() -> None:
    query = MultiDict(
        [
            ("part", "id"),
            ("part", "snippet"),
            ("access_token", "t"),
            ("oauth_token", "o"),
            ("key", "k"),
        ]
    )
    assert plain_query(query) == {"part": ["id", "snippet"]}


def test_what_is_not_given_has_the_documents_default() -> None:
    arguments = Arguments.read(METHODS["playlists.list"], {"part": ["id"], "mine": ["true"]})
    assert arguments.number("maxResults") == 5
    assert arguments.text("pageToken") is None
    assert not Arguments.read(METHODS["search.list"], {"part": ["id"]}).flag("forMine")


def test_the_document_says_what_is_at_an_address() -> None:
    assert methods_at("/youtube/v3/captions/some-id")["GET"].name == "captions.download"
    both = methods_at("/upload/youtube/v3/captions")
    assert {verb: method.name for verb, method in both.items()} == {
        "POST": "captions.insert",
        "PUT": "captions.update",
    }
    assert methods_at("/youtube/v3/captions/some/id") == {}


def test_an_api_key_is_enough_for_reads_that_need_no_owner() -> None:
    assert METHODS["videos.list"].public
    for name in ("captions.list", "captions.download", "videos.insert", "videos.delete"):
        assert not METHODS[name].public
