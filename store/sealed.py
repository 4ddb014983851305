"""Text in sealed columns that reads like any other: addresses, and what contains them.

An address may be signed, and then it is a permission. A row keeps it in a column named
`sealed_…`, sealed to that row; the attribute beside it opens it. The vault comes with the
session: a row remembers the one of the session that it was loaded or sealed by, and so may
be read after its session has ended.

A table takes part in two lines: its class is also a `HasSealed`, and beside
`sealed_source_url: bytes` it says `source_url: ClassVar[SealedText] = SealedText()`. Writing
is `seal_into(session, row, source_url=…)` before the row is added.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self, overload
from urllib.parse import urlsplit

from sqlalchemy import event, inspect
from sqlmodel import Session

from domain.errors import CastlineError
from domain.secrets import Secret
from store.vault import Place, Vault

VAULT = "vault"
"""Under this name a session carries its vault."""


class HasSealed:
    """A row with sealed text."""


@event.listens_for(HasSealed, "load", propagate=True)
def _remember(row: object, context: Any) -> None:
    _keep(row, context.session.info.get(VAULT))


@event.listens_for(HasSealed, "init", propagate=True)
def _refuse_clear(row: object, _args: object, values: Mapping[str, object]) -> None:
    # A model ignores names that are no columns, so the text would be lost.
    for name in values:
        if isinstance(getattr(type(row), name, None), SealedText | SealedPayload):
            raise TypeError(f"{name} is sealed: write it with `seal_into`")


class SealedText:
    """Opens the column `sealed_<name>`. None where it has none."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._column = f"sealed_{name}"

    @overload
    def __get__(self, row: None, owner: type) -> Self: ...
    @overload
    def __get__(self, row: object, owner: type) -> Any: ...
    def __get__(self, row: object | None, owner: type) -> Any:
        if row is None:
            return self
        sealed: bytes | None = getattr(row, self._column)
        if sealed is None:
            return None
        return _vault_of(row).open(sealed, _place(row, self._column)).reveal()


class SealedJson(SealedText):
    """The same for a value in JSON."""

    @overload
    def __get__(self, row: None, owner: type) -> Self: ...
    @overload
    def __get__(self, row: object, owner: type) -> Any: ...
    def __get__(self, row: object | None, owner: type) -> Any:
        text = super().__get__(row, owner)
        return json.loads(text) if isinstance(text, str) else text


class SealedPayload:
    """A JSON object whose addresses are sealed and whose other values can be searched.

    `clear_<name>` holds the object with None for each address, `sealed_<name>` the addresses
    by their paths.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self._clear = f"clear_{name}"
        self._column = f"sealed_{name}"

    @overload
    def __get__(self, row: None, owner: type) -> Self: ...
    @overload
    def __get__(self, row: object, owner: type) -> dict[str, Any]: ...
    def __get__(self, row: object | None, owner: type) -> Any:
        if row is None:
            return self
        clear = getattr(row, self._clear)
        sealed: bytes | None = getattr(row, self._column)
        if sealed is None:
            return clear
        payload = json.loads(json.dumps(clear))
        text = _vault_of(row).open(sealed, _place(row, self._column)).reveal()
        for path, address in json.loads(text):
            _put(payload, path, address)
        return payload


def seal_into(session: Session, row: HasSealed, **texts: str | None) -> None:
    """Seal texts into their columns. The row must have its primary key."""
    _keep(row, session.info.get(VAULT))
    for name, text in texts.items():
        _seal(row, f"sealed_{name}", text)


def seal_json_into(session: Session, row: HasSealed, **values: object) -> None:
    """Seal values in JSON into their columns. The row must have its primary key."""
    seal_into(session, row, **{name: json.dumps(value) for name, value in values.items()})


def seal_payload_into(
    session: Session, row: HasSealed, **payloads: Mapping[str, Any] | None
) -> None:
    """Part payloads into what is kept in clear and what is sealed."""
    _keep(row, session.info.get(VAULT))
    for name, payload in payloads.items():
        clear = json.loads(json.dumps(payload))
        found = list(_addresses(clear, []))
        for path, _ in found:
            _put(clear, path, None)
        setattr(row, f"clear_{name}", clear)
        _seal(row, f"sealed_{name}", json.dumps(found) if found else None)


def is_address(text: str) -> bool:
    """True for text that is one address and nothing else."""
    text = text.strip()
    if "://" not in text or any(character.isspace() for character in text):
        return False
    try:
        return bool(urlsplit(text).scheme)
    except ValueError:
        return True  # broken as it is, it may hold a signature


def _addresses(value: Any, path: list[str | int]) -> Iterator[tuple[list[str | int], str]]:
    match value:
        case str() if is_address(value):
            yield path, value
        case dict():
            for key, inner in value.items():
                yield from _addresses(inner, [*path, key])
        case list():
            for number, inner in enumerate(value):
                yield from _addresses(inner, [*path, number])


def _put(value: Any, path: Sequence[str | int], leaf: object) -> None:
    for step in path[:-1]:
        value = value[step]
    value[path[-1]] = leaf


def _seal(row: object, column: str, text: str | None) -> None:
    sealed = None if text is None else _vault_of(row).seal(Secret(text), _place(row, column))
    setattr(row, column, sealed)


def _place(row: object, column: str) -> Place:
    mapper = inspect(type(row))
    keys = [str(getattr(row, key.name)) for key in mapper.local_table.primary_key]
    return Place(mapper.local_table.name, column, "/".join(keys))


def _keep(row: object, vault: Vault | None) -> None:
    if vault is not None:
        inspect(row).info[VAULT] = vault


def _vault_of(row: object) -> Vault:
    vault = inspect(row).info.get(VAULT)
    if not isinstance(vault, Vault):
        raise CastlineError(
            "vault_missing", "Sealed text was asked of a store that has no key set."
        )
    return vault
