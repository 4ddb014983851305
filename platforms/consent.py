"""What a platform's callback says where it brings no code.

Each platform has its own words (`error`, or numbers in `error_code`) and a table of those that
are known. Any of the parameters alone ends a consent: Meta leaves some of them out.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.consents import safe_word
from domain.explanations import ErrorDetail

PARAMETERS = ("error", "error_code", "error_reason", "error_subtype", "error_message")
"""Query parameters that say that a consent ended, the one to be believed first in front."""


@dataclass(frozen=True, slots=True)
class ConsentEnd:
    """Why a consent ended. `word` is the platform's own, None where it is not plainly a code."""

    detail: ErrorDetail
    word: str | None = None


def judge(words: Mapping[str, str], table: Mapping[str, ErrorDetail]) -> ConsentEnd:
    """The first parameter whose word is known decides; else the end is `consent_failed`. Pure.

    `error_message` is text for a person: that it is there is all that is taken from it.
    """
    codes = [words[name] for name in PARAMETERS[:-1] if words.get(name)]
    for word in codes:
        if word in table:
            return ConsentEnd(table[word], safe_word(word))
    return ConsentEnd(ErrorDetail.CONSENT_FAILED, next(filter(None, map(safe_word, codes)), None))
