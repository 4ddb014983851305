"""Why a consent ended: from the code of an error of ours to the closed list.

The platforms' own words are mapped by `platforms/youtube/consent.py` and
`platforms/facebook/consent.py`.
"""

import re
from collections.abc import Mapping

from domain.explanations import EXPLANATIONS, ErrorDetail
from domain.states import PlatformName

_DENIALS = frozenset({ErrorDetail.ACCESS_DENIED, ErrorDetail.SCOPE_MISSING})

_BY_ERROR: Mapping[str, ErrorDetail] = {
    "scope_not_for_page": ErrorDetail.PAGE_NOT_INCLUDED,
    "app_secret_rejected": ErrorDetail.INVALID_CLIENT,
    "app_rejected": ErrorDetail.INVALID_CLIENT,
    "redirect_uri_rejected": ErrorDetail.REDIRECT_URI_MISMATCH,
    "oauth_client_rejected": ErrorDetail.APP_MISCONFIGURED,
    "capability_missing": ErrorDetail.APP_MISCONFIGURED,
    "proof_missing": ErrorDetail.APP_MISCONFIGURED,
    "version_unsupported": ErrorDetail.APP_MISCONFIGURED,
    "app_changed": ErrorDetail.APP_MISCONFIGURED,
    "unknown_platform": ErrorDetail.PLATFORM_NOT_CONFIGURED,
    "checkpoint": ErrorDetail.ACCOUNT_CHECK_REQUIRED,
    "security_check": ErrorDetail.ACCOUNT_CHECK_REQUIRED,
    "identity_check": ErrorDetail.ACCOUNT_CHECK_REQUIRED,
    "account_unconfirmed": ErrorDetail.ACCOUNT_CHECK_REQUIRED,
    "publishing_authorization": ErrorDetail.ACCOUNT_CHECK_REQUIRED,
    "token_invalid": ErrorDetail.GRANT_ENDED,
    "token_expired": ErrorDetail.GRANT_ENDED,
    "session_invalid": ErrorDetail.GRANT_ENDED,
    "password_changed": ErrorDetail.GRANT_ENDED,
    "app_removed": ErrorDetail.GRANT_ENDED,
    "role_lost": ErrorDetail.NO_CREATE_CONTENT,
    "api_disabled": ErrorDetail.APP_MISCONFIGURED,
    "platform_error": ErrorDetail.TEMPORARILY_UNAVAILABLE,
    "oauth_unavailable": ErrorDetail.TEMPORARILY_UNAVAILABLE,
    "unreadable_answer": ErrorDetail.TEMPORARILY_UNAVAILABLE,
    "unreachable": ErrorDetail.TEMPORARILY_UNAVAILABLE,
    "rate_limited": ErrorDetail.TEMPORARILY_UNAVAILABLE,
    "temporarily_blocked": ErrorDetail.TEMPORARILY_UNAVAILABLE,
    "quota_exhausted": ErrorDetail.TEMPORARILY_UNAVAILABLE,
    "refresh_token_missing": ErrorDetail.GRANT_ENDED,
    "grant_dead": ErrorDetail.GRANT_ENDED,
}
"""The code of one of our errors → why the consent ended. A code of the list stands for itself."""

_NAMES: Mapping[str, str] = {PlatformName.YOUTUBE: "Google", PlatformName.FACEBOOK: "Facebook"}
"""Whose consent page it is, as people write it."""

_PLATFORM_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]{0,63}", re.ASCII)


def detail_of(code: str | None) -> ErrorDetail:
    """Why a consent ended, by the code of the error that ended it. Total: never raises."""
    if code is not None and code in _BY_ERROR:
        return _BY_ERROR[code]
    return ErrorDetail(code) if code in frozenset(ErrorDetail) else ErrorDetail.CONNECT_FAILED


def sentence_of(detail: ErrorDetail, platform: str | None = None) -> str:
    """What happened, then what to do. `platform` is a `PlatformName`, None where none is known."""
    name = _NAMES.get(platform or "")
    if name is not None:
        return EXPLANATIONS[detail].sentence.format(platform=name)
    sentence = EXPLANATIONS[detail].sentence.format(platform="the platform")
    return sentence[:1].upper() + sentence[1:]


def is_denial(detail: ErrorDetail) -> bool:
    """True where the person withheld all of the consent, or a permission that publishing needs."""
    return detail in _DENIALS


def safe_word(word: str | None) -> str | None:
    """A platform's word as it may be stored and logged; None for one that is not plainly a code.

    It comes through a browser's address bar, so anybody can write it.
    """
    return word if word is not None and _PLATFORM_WORD.fullmatch(word) else None
