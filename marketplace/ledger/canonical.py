"""Canonical JSON of ledger entries: RFC 8785, narrowed to what cannot be read in two ways.

No floats (decimals, sizes and counters go in as strings), only NFC strings, no duplicate keys.
"""

from __future__ import annotations

import json
import unicodedata
from typing import Any, NoReturn

import rfc8785


class CanonicalError(ValueError):
    """A value that has no canonical bytes, or bytes that are not canonical."""


def canonical_bytes(value: Any) -> bytes:
    """The one UTF-8 form of a JSON value of dicts, lists, strings, whole numbers, booleans and None.

    Raises:
        CanonicalError: a float, a string that is not NFC or holds a lone surrogate, a key that is not a string, a
            whole number beyond ±(2^53 − 1), any other type, or nesting too deep.
    """
    try:
        _check(value, "$")
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, RecursionError) as refused:
        raise CanonicalError(f"no canonical form: {refused}") from refused


def parse_canonical(data: bytes) -> Any:
    """The value whose canonical bytes these are.

    Raises:
        CanonicalError: not UTF-8, not JSON, a duplicate key, a float, or any byte other than the canonical ones.
    """
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
        )
    except CanonicalError:
        raise
    except (ValueError, RecursionError) as broken:
        raise CanonicalError(f"not JSON in UTF-8: {broken}") from broken
    if canonical_bytes(value) != data:
        raise CanonicalError("not in canonical form (RFC 8785)")
    return value


def _check(value: Any, path: str) -> None:
    match value:
        case None | bool() | int():
            return
        case str():
            _check_text(value, path)
        case dict():
            for key, item in value.items():
                _check_key(key, path)
                _check(item, f"{path}.{key}")
        case list() | tuple():
            for index, item in enumerate(value):
                _check(item, f"{path}[{index}]")
        case _:
            raise CanonicalError(f"{path}: {type(value).__name__} is not allowed; write numbers as strings")


def _check_key(key: Any, path: str) -> None:
    if not isinstance(key, str):
        raise CanonicalError(f"{path}: key {key!r} is not a string")
    _check_text(key, path)


def _check_text(text: str, path: str) -> None:
    if not unicodedata.is_normalized("NFC", text):
        raise CanonicalError(f"{path}: text is not in Unicode normal form C")
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise CanonicalError(f"{path}: text holds a lone surrogate")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise CanonicalError("an object has a key twice")
    return members


def _refuse_number(literal: str) -> NoReturn:
    raise CanonicalError(f"{literal} is not allowed; write numbers as strings")
