"""How an idempotency key is written, in a header and in a body alike."""

from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

_LONGEST = 200


def _is_key(text: str) -> str:
    if not (0 < len(text) <= _LONGEST and all("!" <= character <= "~" for character in text)):
        raise ValueError(f"A key is 1 to {_LONGEST} visible ASCII characters, without spaces.")
    return text


KeyText = Annotated[
    str,
    AfterValidator(_is_key),
    WithJsonSchema(
        {"type": "string", "maxLength": _LONGEST, "pattern": f"^[!-~]{{1,{_LONGEST}}}$"}
    ),
]
