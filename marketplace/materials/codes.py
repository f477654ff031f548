"""Waste codes: the EU List of Waste (Decision 2000/532/EC as amended by 2014/955/EU), from `data/low.csv`, and the
Chinese kinds SWxx (固体废物分类与代码目录) and HWxx (国家危险废物名录) with their eight-digit codes. Pure."""

import csv
import re
from functools import cache

from marketplace.materials.taxonomy import DATA

# Six digits alone may be anything, so a code of the List of Waste needs its spaces, its asterisk or its name.
_LOW = re.compile(
    r"(?<![\d.,-])(?:(?P<named>(?:low|ewc|european waste code)\W{0,3}))?"
    r"(?P<a>\d\d)(?P<gap>[ .]?)(?P<b>\d\d)(?P=gap)(?P<c>\d\d)(?P<star> ?\*)?(?![\d-])",
    re.IGNORECASE,
)
_SW_HW = re.compile(r"(?<![a-z0-9])(SW|HW) ?-?(\d\d)(?!\d)", re.IGNORECASE)
_TWO_DIGITS = re.compile(r"\d\d")
_EIGHT = re.compile(r"(?<![\d-])(\d{3}-\d{3}-)(S?)(\d\d)(?!\d)", re.IGNORECASE)


@cache
def _codes() -> dict[str, tuple[str, bool]]:
    with (DATA / "low.csv").open(encoding="utf-8", newline="") as lines:
        return {
            row["code"]: (row["title_en"], row["hazardous"] == "true")
            for row in csv.DictReader(lines)
            if row["level"] == "code"
        }


def low_title(code: str) -> str | None:
    """The list's title of a six-digit code; None if the list has no such code."""
    found = _codes().get(code)
    return found[0] if found else None


def is_hazardous_low_code(code: str) -> bool:
    """Whether the list marks the code with an asterisk."""
    found = _codes().get(code)
    return bool(found and found[1])


def show_low_code(code: str) -> str:
    """As printed in the list: 10 02 02, with an asterisk when hazardous."""
    return f"{code[:2]} {code[2:4]} {code[4:]}{'*' if is_hazardous_low_code(code) else ''}" if code else ""


def codes_of(text: str) -> tuple[str, ...]:
    """Codes that a normalised text states: "100202", "SW17", "HW08", "900-249-08"; the last names its HW kind too."""
    if not _TWO_DIGITS.search(text):
        return ()
    found: dict[str, None] = {}
    for match in _LOW.finditer(text):
        code = match["a"] + match["b"] + match["c"]
        if (match["gap"] or match["star"] or match["named"]) and code in _codes():
            found[code] = None
    for match in _SW_HW.finditer(text):
        found[match[1].upper() + match[2]] = None
    for match in _EIGHT.finditer(text):
        found[(match[1] + match[2] + match[3]).upper()] = None
        found[("SW" if match[2] else "HW") + match[3]] = None
    return tuple(found)
