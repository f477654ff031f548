"""Canonical JSON of ledger entries: RFC 8785, narrowed to what cannot be read in two ways.

No floats (decimals, sizes and counters go in as strings), only NFC strings, no duplicate keys. What nearly all values
hold, plain texts in lists and objects, msgspec writes and reads to the same bytes in a tenth of the time; a test
compares. All else is asked of `rfc8785`.
"""

from __future__ import annotations

import json
import unicodedata
from typing import Any, NoReturn

import msgspec
import rfc8785

MOST_LEVELS = 8  # of lists and objects within each other; deeper values are read the careful way

_ENCODER = msgspec.json.Encoder(order="deterministic")


def _textual_type(levels: int) -> Any:
    """The type of values that hold nothing but objects, lists, texts and null, so many levels deep."""
    inner: Any = str | None
    for _ in range(levels):
        inner = str | None | list[inner] | dict[str, inner]
    return inner


_DECODER = msgspec.json.Decoder(_textual_type(MOST_LEVELS))


class CanonicalError(ValueError):
    """A value that has no canonical bytes, or bytes that are not canonical."""


def canonical_bytes(value: Any) -> bytes:
    """The one UTF-8 form of a JSON value of dicts, lists, strings, whole numbers, booleans and None.

    Raises:
        CanonicalError: a float, a string that is not NFC or holds a lone surrogate, a key that is not a string, a
            whole number beyond ±(2^53 − 1), any other type, or nesting too deep.
    """
    data = _quick_bytes(value)
    if data is not None:
        return data
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
    quick = quick_value(data)
    return _careful_value(data) if quick is None else quick


def quick_value(data: bytes) -> Any:
    """The value of bytes that msgspec shows to be canonical; None of others, which may be canonical all the same."""
    try:
        value = _DECODER.decode(data)
        return value if _ENCODER.encode(value) == data and _is_plain(data) else None
    except (ValueError, RecursionError):  # no JSON, a number, a lone surrogate, too deep
        return None


def _careful_value(data: bytes) -> Any:
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


def _quick_bytes(value: Any) -> bytes | None:
    """The canonical bytes of a value that msgspec writes as RFC 8785 does; None of others."""
    try:
        data = _ENCODER.encode(value) if _is_textual(value) else b""
    except (ValueError, RecursionError):  # a lone surrogate; too deep
        return None
    return data if data and _is_plain(data) else None


def _is_plain(data: bytes) -> bool:
    """Whether all text is NFC and in the basic plane, where code points sort as RFC 8785's UTF-16 units do."""
    if data.isascii():
        return True
    text = data.decode()
    return unicodedata.is_normalized("NFC", text) and len(text.encode("utf-16-le")) == 2 * len(text)


def _is_textual(value: Any) -> bool:
    """Whether a value holds nothing but objects, lists, strings and null, which msgspec and RFC 8785 write alike."""
    kind = type(value)
    if kind is dict:
        for key in value:
            if type(key) is not str:
                return False
        value = value.values()
    elif kind is not list:
        return kind is str or value is None
    for item in value:  # noqa: SIM110 - all() with a generator takes three times as long, and this is in every entry
        if type(item) is not str and not _is_textual(item):
            return False
    return True


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
