"""Reading offers and wants from JSON Lines, refusing broken ones with their line number."""

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from marketplace.matching.core.values import MatchListing

_PER_MONTH = {"once": 1.0, "day": 30.4375, "week": 4.348, "month": 1.0, "year": 1 / 12}
_TONNES = {"t": 1.0, "kg": 0.001}
_LONGEST = 200_000


class BrokenFile(ValueError):
    """The file cannot be used; the message names file, line and field."""


def read_listings(path: Path, is_offer: bool) -> list[MatchListing]:
    """Listings of a file in the format of shared/matching/README.md.

    Raises:
        BrokenFile: a line is no JSON object, misses a field, has an unknown unit or repeats an id.
    """
    found: dict[str, MatchListing] = {}
    for number, row in _objects(path):
        try:
            listing = _listing(row, is_offer)
        except (KeyError, TypeError, ValueError) as wrong:
            detail = f"field {wrong} is missing" if isinstance(wrong, KeyError) else str(wrong)
            raise BrokenFile(f"{path}:{number}: {detail}") from wrong
        if listing.id in found:
            raise BrokenFile(f"{path}:{number}: id {listing.id} stands twice")
        found[listing.id] = listing
    return list(found.values())


def _objects(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                row = json.loads(line)
                if not isinstance(row, dict):
                    raise BrokenFile(f"{path}:{number}: a JSON object is wanted")
                yield number, row
    except json.JSONDecodeError as wrong:
        raise BrokenFile(f"{path}:{number}: {wrong.msg}") from wrong
    except (OSError, UnicodeDecodeError) as wrong:
        raise BrokenFile(f"{path}: {wrong}") from wrong


def _listing(row: Mapping[str, Any], is_offer: bool) -> MatchListing:
    lat, lon, quantity = float(row["lat"]), float(row["lon"]), float(row["quantity"])
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise ValueError("lat or lon is out of range")
    if not math.isfinite(quantity) or quantity < 0:
        raise ValueError("quantity must be a number from 0")
    if row["unit"] not in _TONNES:
        raise ValueError(f"unknown unit {row['unit']!r}; t or kg")
    if row["rhythm"] not in _PER_MONTH:
        raise ValueError(f"unknown rhythm {row['rhythm']!r}")
    if len(str(row["title"])) + len(str(row["description"])) > _LONGEST:
        raise ValueError(f"the text is longer than {_LONGEST} characters")
    return MatchListing(
        id=str(row["id"]),
        is_offer=is_offer,
        title=str(row["title"]),
        description=str(row["description"]),
        lat=lat,
        lon=lon,
        language=str(row["lang"]),
        monthly_t=quantity * _TONNES[row["unit"]] * _PER_MONTH[row["rhythm"]],
        is_hazardous=is_offer and row["hazard"] == "hazardous",
        accepts_hazard=not is_offer and row["accepts_hazard"] is True,
    )


def read_grades(path: Path, wants: set[str], offers: set[str]) -> dict[str, dict[str, int]]:
    """Judgements, tab-separated want, offer, grade 0 to 3.

    Raises:
        BrokenFile: a line has another shape, names an unknown listing, or judges a pair twice.
    """
    found: dict[str, dict[str, int]] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as wrong:
        raise BrokenFile(f"{path}: {wrong}") from wrong
    for number, line in enumerate(lines, 1):
        parts = line.split("\t")
        if len(parts) != 3 or parts[2] not in ("0", "1", "2", "3"):
            raise BrokenFile(f"{path}:{number}: want, offer and a grade from 0 to 3 are wanted")
        want, offer, grade = parts
        if want not in wants or offer not in offers:
            raise BrokenFile(f"{path}:{number}: unknown listing {want if want not in wants else offer}")
        if offer in found.setdefault(want, {}):
            raise BrokenFile(f"{path}:{number}: {want} and {offer} are judged twice")
        found[want][offer] = int(grade)
    return found
