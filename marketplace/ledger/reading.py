"""The canonical bytes of an entry, read quickly: many entries share their factors to the last byte."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from marketplace.ledger.canonical import CanonicalError, parse_canonical, quick_value
from marketplace.ledger.merkle import leaf_hash

_ANY_FACTORS, _FACTORS, _AFTER_FACTORS = b'"factors":', b'"factors":{', b'},"family":"'
_FIRST, _SECOND = b'{"accepted_t":"', b',"confirmations":'  # of an entry's members
FORMAT = "gcx-confirmation/2"


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


class _Confirmation(
    msgspec.Struct,
    rename={"starts": "from", "ends": "to"},
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    gc=False,
):
    """What a plain confirmation says, in the order in which canonical JSON has it."""

    at: str
    exchange: str
    format: str
    starts: str | None = None
    member: str
    number: str
    party: str
    round: str
    side: str
    terms_revision: str
    terms_sha256: str
    ends: str | None = None


_PAIR = msgspec.json.Decoder(tuple[_Confirmation, _Confirmation])
_ENCODER = msgspec.json.Encoder()


class SharedFactors(dict[str, Any]):
    """The factors of all entries that have them to the last byte: nobody may change them. `numbers` is a place for who
    recomputes figures to keep what they say as numbers."""

    __slots__ = ("numbers",)

    def __init__(self, factors: dict[str, Any]) -> None:
        super().__init__(factors)
        self.numbers: Any = None


def read_entry(data: bytes) -> tuple[Any, str | None]:
    """The value, and why the bytes are not its canonical ones. Plain confirmations are `Logged`, and not taken apart
    further: that they are canonical shows when they are written again."""
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
    pair = data[start:end]
    try:
        first, second = _PAIR.decode(pair)
        statements = _ENCODER.encode(first), _ENCODER.encode(second)
        logged = _logged(first, statements[0]), _logged(second, statements[1])
    except ValueError:  # another form
        return (), 0, 0
    is_plain = first.format == second.format == FORMAT and pair.isascii() and b"[%b,%b]" % statements == pair
    return (logged, start, end) if is_plain else ((), 0, 0)


def _logged(said: _Confirmation, statement: bytes) -> Logged:
    return Logged(
        leaf_hash(statement), said.exchange, said.starts, int(said.number), said.party, said.round, said.side, said.ends
    )


@lru_cache(maxsize=1024)
def _factors_in(member: bytes) -> SharedFactors | None:
    """The factors of an entry; None where they are not canonical."""
    body = quick_value(b"{" + member + b"}")
    return SharedFactors(body["factors"]) if type(body) is dict and body.keys() == {"factors"} else None
