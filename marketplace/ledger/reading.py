"""The canonical bytes of an entry, read quickly: many entries share their factors to the last byte."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

from marketplace.ledger.canonical import CanonicalError, parse_canonical, quick_value
from marketplace.ledger.merkle import leaf_hash

_ANY_FACTORS, _FACTORS, _AFTER_FACTORS = b'"factors":', b'"factors":{', b'},"family":"'
_FIRST, _SECOND = b'{"accepted_t":"', b',"confirmations":'  # of an entry's members
_ANY = r'"[ !#-\[\]-~]*"'  # a text that is written as it is in canonical JSON
_TEXT = r'"([ !#-\[\]-~]*)"'
_LOGGED = (
    r'(\{"at":' + _ANY + r',"exchange":' + _TEXT + r',"format":"gcx-confirmation/2",(?:"from":' + _TEXT + r",)?"
    r'"member":' + _ANY + r',"number":"([0-9]{1,18})","party":' + _TEXT + r',"round":' + _TEXT + r',"side":' + _TEXT
    + r',"terms_revision":' + _ANY + r',"terms_sha256":' + _ANY + r'(?:,"to":' + _TEXT + r")?\})"
)  # fmt: skip
_BOTH = re.compile(r"\[" + _LOGGED + "," + _LOGGED + r"\]")


class Logged(NamedTuple):
    """A confirmation in the form that nearly all have since there is a log of them; `leaf` as it would stand there."""

    leaf: bytes
    exchange: str
    starts: str | None
    number: int
    party: str
    round: str
    side: str
    ends: str | None


class SharedFactors(dict[str, Any]):
    """The factors of all entries that have them to the last byte: nobody may change them. `numbers` is a place for who
    recomputes figures to keep what they say as numbers."""

    __slots__ = ("numbers",)

    def __init__(self, factors: dict[str, Any]) -> None:
        super().__init__(factors)
        self.numbers: Any = None


def read_entry(data: bytes) -> tuple[Any, str | None]:
    """The value, and why the bytes are not its canonical ones. Plain confirmations are `Logged`, and not taken apart
    further: that they are canonical shows in the pattern that they have."""
    logged, start, stop = _logged_in(data)
    begin = data.find(_FACTORS, stop)
    end = data.find(_AFTER_FACTORS, begin)
    if 0 <= begin < end and data.find(_ANY_FACTORS, end) < 0:
        factors = _factors_in(data[begin : end + 1])
        head = data[:start] + b"null" + data[stop:begin] if logged else data[:begin]
        rest = quick_value(head + _ANY_FACTORS + b"null" + data[end + 1 :])
        if factors is not None and type(rest) is dict and rest.get("factors", factors) is None:
            rest["factors"] = factors
            if logged:
                rest["confirmations"] = logged
            return rest, None
    try:
        return parse_canonical(data), None
    except CanonicalError as wrong:
        return None, str(wrong)


def _logged_in(data: bytes) -> tuple[tuple[Logged, ...], int, int]:
    """Two plain confirmations and where they stand, which is right after the first member; nothing in other entries."""
    start = data.find(b'"', len(_FIRST)) + 1
    if not (data.startswith(_FIRST) and data.startswith(_SECOND, start)):
        return (), 0, 0
    start += len(_SECOND)
    end = data.find(b"}]", start) + 2
    found = _BOTH.fullmatch(data[start:end].decode("ascii", "replace")) if end > start else None
    if found is None:
        return (), 0, 0
    groups = found.groups()
    middle = len(groups) // 2
    return (_logged(*groups[:middle]), _logged(*groups[middle:])), start, end


def _logged(statement: str, exchange: str, starts: str | None, number: str, *others: Any) -> Logged:
    return Logged(leaf_hash(statement.encode()), exchange, starts, int(number), *others)


@lru_cache(maxsize=1024)
def _factors_in(member: bytes) -> SharedFactors | None:
    """The factors of an entry; None where they are not canonical."""
    body = quick_value(b"{" + member + b"}")
    return SharedFactors(body["factors"]) if type(body) is dict and body.keys() == {"factors"} else None
