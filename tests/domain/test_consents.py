"""The closed list of why a consent ended."""

import pytest

from domain.consents import detail_of, is_denial, safe_word, sentence_of
from domain.explanations import EXPLANATIONS, ConsentRemedy, ErrorDetail


def test_every_code_has_one_sentence_and_one_remedy() -> None:
    assert set(EXPLANATIONS) == set(ErrorDetail)
    for detail in ErrorDetail:
        for platform in (None, "youtube", "facebook"):
            sentence = sentence_of(detail, platform)
            assert sentence[0].isupper()
            assert sentence.endswith(".")
            assert "{" not in sentence


@pytest.mark.parametrize("detail", ErrorDetail)
def test_what_the_operator_has_to_correct_says_what_to_check(detail: ErrorDetail) -> None:
    explained = EXPLANATIONS[detail]
    assert (explained.check is not None) == (explained.remedy is ConsentRemedy.OPERATOR)


def test_only_a_no_of_the_person_has_no_remedy() -> None:
    without = [d for d in ErrorDetail if EXPLANATIONS[d].remedy is ConsentRemedy.NONE]
    assert without == [ErrorDetail.ACCESS_DENIED]
    assert {d for d in ErrorDetail if is_denial(d)} == {"access_denied", "scope_missing"}


def test_a_sentence_names_the_platform_whose_page_it_was() -> None:
    detail = ErrorDetail.TEMPORARILY_UNAVAILABLE
    assert sentence_of(detail, "youtube").startswith("Google was not available.")
    assert sentence_of(detail, "facebook").startswith("Facebook was not available.")
    assert sentence_of(detail).startswith("The platform was not available.")


@pytest.mark.parametrize(
    ("code", "detail"),
    [
        ("no_page", "no_page"),
        ("scope_not_for_page", "page_not_included"),
        ("app_secret_rejected", "invalid_client"),
        ("redirect_uri_rejected", "redirect_uri_mismatch"),
        ("oauth_unavailable", "temporarily_unavailable"),
        ("password_changed", "grant_ended"),
        ("checkpoint", "account_check_required"),
        ("platform_not_configured", "platform_not_configured"),
        ("timed_out", "connect_failed"),
        ("", "connect_failed"),
        (None, "connect_failed"),
    ],
)
def test_every_error_has_a_code_of_the_list(code: str | None, detail: str) -> None:
    assert detail_of(code) == detail


@pytest.mark.parametrize("word", ["access_denied", "1349048", "100/36009", "a" * 64])
def test_a_word_that_is_plainly_a_code_is_kept(word: str) -> None:
    assert safe_word(word) == word


@pytest.mark.parametrize(
    "word",
    [None, "", "a" * 65, "<b>", "a b", "a\nb", "a\u202eb", "\x1b[31m", "ä", "a;b", "-a", "a\n"],
)
def test_what_is_no_code_is_not_kept(word: str | None) -> None:
    assert safe_word(word) is None
