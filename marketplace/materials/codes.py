"""The EU List of Waste (Decision 2000/532/EC as amended by 2014/955/EU), from `data/low.csv`. Pure."""

import csv
from functools import cache

from marketplace.materials.taxonomy import DATA


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
