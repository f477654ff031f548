"""The canonical bytes of an entry, read quickly: many entries share their factors to the last byte."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from marketplace.ledger.canonical import CanonicalError, parse_canonical, quick_value

_ANY_FACTORS, _FACTORS, _AFTER_FACTORS = b'"factors":', b'"factors":{', b'},"family":"'


class SharedFactors(dict[str, Any]):
    """The factors of all entries that have them to the last byte: nobody may change them. `numbers` is a place for who
    recomputes figures to keep what they say as numbers."""

    __slots__ = ("numbers",)

    def __init__(self, factors: dict[str, Any]) -> None:
        super().__init__(factors)
        self.numbers: Any = None


def read_entry(data: bytes) -> tuple[Any, str | None]:
    """The value, and why the bytes are not its canonical ones."""
    begin = data.find(_FACTORS)
    end = data.find(_AFTER_FACTORS, begin)
    if 0 <= begin < end and data.find(_ANY_FACTORS, end) < 0:
        factors = _factors_in(data[begin : end + 1])
        rest = quick_value(data[:begin] + _ANY_FACTORS + b"null" + data[end + 1 :])
        if factors is not None and type(rest) is dict and rest.get("factors", factors) is None:
            rest["factors"] = factors
            return rest, None
    try:
        return parse_canonical(data), None
    except CanonicalError as wrong:
        return None, str(wrong)


@lru_cache(maxsize=1024)
def _factors_in(member: bytes) -> SharedFactors | None:
    """The factors of an entry; None where they are not canonical."""
    body = quick_value(b"{" + member + b"}")
    return SharedFactors(body["factors"]) if type(body) is dict and body.keys() == {"factors"} else None
