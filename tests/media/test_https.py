import pytest

from domain.errors import CastlineError, Remedy, SourceUnreachable, SourceUnusable
from media.https import HttpsSource, open_https
from media.open import open_source
from media.policy import SourcePolicy
from tests.media.conftest import SIZE, move, read, still
from tests.support.origin import PATH, Origin

ORIGINAL = "Sun, 22 Nov 2026 10:00:00 GMT"
LATER = "Sun, 22 Nov 2026 10:00:01 GMT"


def opened(origin: Origin, policy: SourcePolicy) -> HttpsSource:
    return open_https(origin.url, policy=policy)


def refusal(url: str, policy: SourcePolicy) -> CastlineError:
    with pytest.raises(CastlineError) as raised:
        open_https(url, policy=policy)
    assert "secret" not in raised.value.sentence
    return raised.value


def test_a_url_is_read_in_one_request(origin: Origin, at_home: SourcePolicy, data: bytes) -> None:
    source = opened(origin, at_home)
    assert read(source, SIZE) == data
    assert source.read_into(memoryview(bytearray(1))) == 0
    assert origin.asked == ["bytes=0-"]
    assert origin.targets == [f"{PATH}?signature=secret"]


def test_a_url_is_read_from_any_offset(origin: Origin, at_home: SourcePolicy, data: bytes) -> None:
    source = opened(origin, at_home)
    assert move(source, 650_000) == 1
    assert read(source, SIZE) == data[650_000:]
    assert origin.asked == ["bytes=0-", "bytes=650000-"]


def test_a_lost_connection_is_resumed_where_it_broke(
    origin: Origin, at_home: SourcePolicy, data: bytes
) -> None:
    origin.cuts.extend([300_000])
    assert read(opened(origin, at_home), SIZE) == data
    assert origin.asked == ["bytes=0-", "bytes=300000-"]


def test_an_origin_that_breaks_again_and_again_is_unreachable(
    origin: Origin, at_home: SourcePolicy, data: bytes
) -> None:
    origin.cuts.extend([0, 0, 0])
    source = opened(origin, at_home)
    with pytest.raises(SourceUnreachable):
        read(source, SIZE)
    source.seek(10)
    origin.cuts.clear()
    assert read(source, SIZE) == data[10:]


def test_an_origin_without_ranges_is_read_again_from_its_beginning(
    origin: Origin, at_home: SourcePolicy, data: bytes
) -> None:
    origin.ranges = False
    source = opened(origin, at_home)
    assert not source.ranges
    assert read(source, 500_000) == data[:500_000]
    move(source, 400_000)
    assert read(source, SIZE) == data[400_000:]
    assert len(origin.asked) == 2


def test_an_origin_without_ranges_is_read_forwards_in_one_request(
    origin: Origin, at_home: SourcePolicy, data: bytes
) -> None:
    origin.ranges = False
    source = opened(origin, at_home)
    move(source, 600_000)
    assert read(source, SIZE) == data[600_000:]
    assert len(origin.asked) == 1


def test_a_lost_connection_of_an_origin_without_ranges_needs_a_seek(
    origin: Origin, at_home: SourcePolicy, data: bytes
) -> None:
    origin.ranges = False
    origin.cuts.append(300_000)
    source = opened(origin, at_home)
    with pytest.raises(SourceUnreachable):
        read(source, SIZE)
    move(source, 300_000)
    assert read(source, SIZE) == data[300_000:]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"modified": LATER}, "its Last-Modified differs"),
        ({"modified": ""}, "its Last-Modified differs"),
        ({"data": bytes(SIZE + 1)}, "it had 700001 bytes and has 700002 now"),
        ({"data": bytes(SIZE + 1), "etag": '"two"'}, "it had 700001 bytes and has 700002 now"),
        ({"modified": LATER, "ranges": False}, "its Last-Modified differs"),
        ({"data": bytes(5)}, "it had 700001 bytes and has 5 now"),
    ],
)
def test_another_version_is_noticed_when_the_request_is_made_again(
    origin: Origin, at_home: SourcePolicy, change: dict[str, object], said: str
) -> None:
    source = opened(origin, at_home)
    for name, value in change.items():
        setattr(origin, name, value)
    source.seek(10)
    with pytest.raises(SourceUnusable) as raised:
        read(source, 10)
    assert raised.value.code == "source_changed"
    assert said in raised.value.sentence


def test_the_sentence_says_that_the_etag_differs_where_there_is_nothing_else(
    origin: Origin, at_home: SourcePolicy
) -> None:
    origin.modified = ""
    pin = opened(origin, at_home).pin
    origin.etag = '"two"'
    with pytest.raises(SourceUnusable, match="its ETag differs") as raised:
        open_source(origin.url, pin=pin, policy=at_home)
    assert raised.value.code == "source_changed"


@pytest.mark.parametrize(
    ("modified", "etags"),
    [
        (ORIGINAL, ['"node1"', '"node2"', "", '"node1"']),
        (ORIGINAL, ['"one"', 'W/"one"', 'W/"two"']),
        ("", ['"one"', 'W/"one"', '"one"']),
        ("", ['W/"one"', '"one"']),
    ],
)
def test_nodes_that_tell_one_version_in_several_ways_are_one_origin(
    origin: Origin, at_home: SourcePolicy, data: bytes, modified: str, etags: list[str]
) -> None:
    origin.modified, origin.etag = modified, etags[0]
    source = opened(origin, at_home)
    for number, etag in enumerate(etags):
        origin.etag = etag
        open_source(origin.url, pin=source.pin, policy=at_home).close()
        source.seek(number * 1000 + 500)
        assert read(source, 100) == data[number * 1000 + 500 :][:100]


def test_an_origin_that_gives_up_ranges_under_way_never_gives_wrong_bytes(
    origin: Origin, at_home: SourcePolicy
) -> None:
    source = opened(origin, at_home)
    origin.ranges = False
    source.seek(10)
    with pytest.raises(SourceUnreachable):
        read(source, 10)


def test_another_version_is_noticed_at_the_end(origin: Origin, at_home: SourcePolicy) -> None:
    source = opened(origin, at_home)
    read(source, SIZE)
    source.verify(still)
    origin.modified = LATER
    with pytest.raises(SourceUnusable) as raised:
        source.verify(still)
    assert raised.value.code == "source_changed"


def test_in_the_middle_a_fresh_answer_is_proof_enough(
    origin: Origin, at_home: SourcePolicy
) -> None:
    source = opened(origin, at_home)
    read(source, 1000)
    source.verify(still)
    assert len(origin.asked) == 1


@pytest.mark.parametrize(
    ("modified", "etag", "version"),
    [
        (ORIGINAL, '"one"', f"Last-Modified {ORIGINAL}"),
        (ORIGINAL, "", f"Last-Modified {ORIGINAL}"),
        ("", '"one"', 'ETag "one"'),
        ("", 'W/"one"', 'ETag "one"'),
        ("", "", ""),
    ],
)
def test_a_version_is_the_date_and_else_the_etag(
    origin: Origin, at_home: SourcePolicy, modified: str, etag: str, version: str
) -> None:
    origin.modified, origin.etag = modified, etag
    assert opened(origin, at_home).pin.version == version


def test_a_header_is_not_kept_however_long_it_is(origin: Origin, at_home: SourcePolicy) -> None:
    origin.modified, origin.etag = "", f'"{"e" * 50_000}"'
    assert len(opened(origin, at_home).pin.version) < 300


def test_a_video_of_unknown_size_is_refused(origin: Origin, at_home: SourcePolicy) -> None:
    origin.ranges = origin.sized = False
    error = refusal(origin.url, at_home)
    assert error.code == "source_unsized"
    assert "sends Content-Length or Content-Range" in error.sentence


def test_a_range_tells_the_size_of_what_has_no_length(
    origin: Origin, at_home: SourcePolicy, data: bytes
) -> None:
    origin.sized = False
    source = opened(origin, at_home)
    assert (source.pin.size, read(source, SIZE)) == (SIZE, data)


@pytest.mark.parametrize(("coding", "named"), [("gzip", "as gzip"), ("x<y>", "encoded")])
def test_a_compressed_answer_is_called_that(
    origin: Origin, at_home: SourcePolicy, coding: str, named: str
) -> None:
    origin.coding = coding
    error = refusal(origin.url, at_home)
    assert (error.code, error.remedy) == ("source_encoded", Remedy.CHANGE)
    assert f"sends this file {named} (Content-Encoding)" in error.sentence
    assert "<" not in error.sentence


def test_the_plain_bytes_may_be_called_identity(
    origin: Origin, at_home: SourcePolicy, data: bytes
) -> None:
    origin.coding = "identity"
    assert read(opened(origin, at_home), SIZE) == data


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_refusal_that_stays_is_the_callers_matter(
    origin: Origin, at_home: SourcePolicy, status: int
) -> None:
    origin.refusals.append((status, ""))
    error = refusal(origin.url, at_home)
    assert (type(error), error.code) == (SourceUnusable, "source_refused")


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_refusal_that_passes_is_waited_for(
    origin: Origin, at_home: SourcePolicy, status: int
) -> None:
    origin.refusals.append((status, ""))
    error = refusal(origin.url, at_home)
    assert (type(error), error.code) == (SourceUnreachable, "source_unreachable")


def test_a_redirect_is_followed_with_its_range(
    origin: Origin, at_home: SourcePolicy, data: bytes
) -> None:
    origin.refusals.append((302, "/elsewhere.mp4?signature=other"))
    assert read(opened(origin, at_home), SIZE) == data
    assert origin.asked == ["bytes=0-", "bytes=0-"]
    assert origin.targets[1] == "/elsewhere.mp4?signature=other"


def test_redirects_do_not_go_on_for_ever(origin: Origin, at_home: SourcePolicy) -> None:
    origin.refusals.extend([(302, "/again?signature=secret")] * 100)
    assert refusal(origin.url, at_home).code == "source_refused"
    assert len(origin.asked) < 10


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://a.example/x", "https://a@b/"])
def test_a_redirect_leads_nowhere_that_is_not_allowed(
    origin: Origin, at_home: SourcePolicy, location: str
) -> None:
    origin.refusals.append((302, location))
    assert refusal(origin.url, at_home).code == "source_not_allowed"


def test_a_certificate_that_nobody_vouches_for_is_refused(
    origin: Origin, at_home: SourcePolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    assert refusal(origin.url, at_home).code == "source_refused"
    assert origin.asked == []


def test_an_origin_that_is_not_there_is_unreachable(origin: Origin, at_home: SourcePolicy) -> None:
    assert refusal("https://localhost:1/x?a=secret", at_home).code == "source_unreachable"
    assert refusal("https://none.invalid/x?a=secret", at_home).code == "source_unreachable"
