"""Unified social credit codes (GB 32100-2015): the outer and the inner check character, authority and region.

python-stdnum checks the outer character only; the inner organisation code (GB 11714) and the region are
checked here. Pure: no Flask, no database.
"""

import enum
import unicodedata

from stdnum import numdb
from stdnum.cn import uscc as outer
from stdnum.exceptions import ValidationError

_INNER_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)  # GB 11714
_AUTHORITIES = set("123456789ANY")  # GB 32100 table 1
# First two digits of GB/T 2260, and 10 for national registrations.
_PROVINCES = frozenset(
    "10 11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82".split()
)


class Fault(enum.StrEnum):
    """What is wrong with a code, first fault first."""

    LENGTH = "length"
    ALPHABET = "alphabet"
    AUTHORITY = "authority"
    REGION = "region"
    ORGANISATION = "organisation"
    CHECK = "check"


class InvalidUscc(ValueError):
    """The text is no unified social credit code; `fault` says where."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(fault.value)


def parse(text: str) -> str:
    """The code in its normal form: 18 half-width capitals and digits, no spaces.

    Raises:
        InvalidUscc: with the first fault found.
    """
    code = "".join(unicodedata.normalize("NFKC", text).split()).replace("-", "").upper()
    if len(code) != 18:
        raise InvalidUscc(Fault.LENGTH)
    if any(c not in "0123456789ABCDEFGHJKLMNPQRTUWXY" for c in code):
        raise InvalidUscc(Fault.ALPHABET)
    if code[0] not in _AUTHORITIES:
        raise InvalidUscc(Fault.AUTHORITY)
    if not _is_region(code[2:8]):
        raise InvalidUscc(Fault.REGION)
    if not _is_organisation(code[8:17]):
        raise InvalidUscc(Fault.ORGANISATION)
    try:
        outer.validate(code)
    except ValidationError as fault:
        raise InvalidUscc(Fault.CHECK) from fault
    return code


def check_character(first_17: str) -> str:
    """The outer check character (GB 32100 §4.2.5)."""
    return str(outer.calc_check_digit(first_17))


def organisation_check_character(first_8: str) -> str:
    """The inner check character (GB 11714): 11 − Σ value·weight mod 11; 10 → X, 11 → 0."""
    total = sum(w * int(c, 36) for w, c in zip(_INNER_WEIGHTS, first_8, strict=True))
    rest = 11 - total % 11
    return {10: "X", 11: "0"}.get(rest, str(rest))


def _is_region(digits: str) -> bool:
    if not digits.isdigit() or digits[:2] not in _PROVINCES:
        return False
    if digits.endswith("00"):  # a whole province or prefecture registers too
        return True
    return bool(numdb.get("cn/loc").info(digits)[-1][1])


def _is_organisation(code: str) -> bool:
    return code[:8] != "00000000" and organisation_check_character(code[:8]) == code[8]
