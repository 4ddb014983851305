"""The platforms' words for a consent that ended."""

import pytest

from domain.explanations import EXPLANATIONS, ConsentRemedy
from platforms.consent import ConsentEnd, judge
from platforms.facebook.consent import WORDS as META
from platforms.youtube.consent import WORDS as GOOGLE

_AGAIN, _ADMIN, _OPERATOR = (
    ConsentRemedy.TRY_AGAIN,
    ConsentRemedy.ASK_ADMIN,
    ConsentRemedy.OPERATOR,
)


@pytest.mark.parametrize(
    ("word", "remedy"),
    [
        ("access_denied", ConsentRemedy.NONE),
        ("temporarily_unavailable", _AGAIN),
        ("server_error", _AGAIN),
        ("interaction_required", _AGAIN),
        ("login_required", _AGAIN),
        ("account_selection_required", _AGAIN),
        ("disallowed_useragent", _AGAIN),
        ("admin_policy_enforced", _ADMIN),
        ("org_internal", _OPERATOR),
        ("invalid_scope", _OPERATOR),
        ("invalid_request", _OPERATOR),
        ("unauthorized_client", _OPERATOR),
        ("unsupported_response_type", _OPERATOR),
        ("redirect_uri_mismatch", _OPERATOR),
        ("invalid_client", _OPERATOR),
        ("deleted_client", _OPERATOR),
    ],
)
def test_googles_words_keep_their_name_and_say_who_can_help(
    word: str, remedy: ConsentRemedy
) -> None:
    end = judge({"error": word}, GOOGLE)
    assert (end.detail, end.word) == (word, word)
    assert EXPLANATIONS[end.detail].remedy is remedy


@pytest.mark.parametrize(
    ("words", "detail"),
    [
        # As Meta sends a refusal: the word decides, not the number beside it.
        (
            {
                "error": "access_denied",
                "error_code": "200",
                "error_reason": "user_denied",
                "error_message": "Permissions error",
            },
            "access_denied",
        ),
        ({"error_reason": "user_denied"}, "access_denied"),
        ({"error_code": "200", "error_reason": "user_denied"}, "scope_missing"),
        ({"error_code": "200", "error_message": "Permissions error"}, "scope_missing"),
        ({"error_code": "1349048", "error_message": "Can't Load URL"}, "redirect_uri_mismatch"),
        ({"error_code": "1349168", "error_message": "URL Blocked"}, "redirect_uri_mismatch"),
        ({"error_code": "1349126", "error_message": "App Not Setup"}, "app_not_public"),
        ({"error_code": "901", "error_message": "sandbox mode"}, "app_not_public"),
        ({"error_code": "1349220", "error_message": "Feature Unavailable"}, "app_unavailable"),
        ({"error_code": "2"}, "temporarily_unavailable"),
        ({"error": "server_error", "error_code": "1349048"}, "server_error"),
        ({"error": "unheard_of", "error_code": "1349048"}, "redirect_uri_mismatch"),
    ],
)
def test_metas_words_are_told_apart(words: dict[str, str], detail: str) -> None:
    assert judge(words, META).detail == detail


@pytest.mark.parametrize(
    ("words", "word"),
    [
        ({"error": "unheard_of"}, "unheard_of"),
        ({"error_code": "1349999"}, "1349999"),
        ({"error": "<b>no</b>", "error_code": "7"}, "7"),
        ({"error": "a b"}, None),
        ({"error_message": "unheard_of"}, None),
        ({}, None),
    ],
)
def test_an_unknown_word_has_one_code_and_is_kept_where_it_is_safe(
    words: dict[str, str], word: str | None
) -> None:
    for table in (GOOGLE, META):
        assert judge(words, table) == ConsentEnd(judge({}, table).detail, word)
    assert judge(words, META).detail == "consent_failed"
