"""Reading offers and wants from JSON Lines, refusing broken ones with their line number; writing results whole."""

import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from marketplace.matching.core.values import MatchListing

_PER_MONTH = {"once": 1.0, "day": 30.4375, "week": 4.348, "month": 1.0, "year": 1 / 12}
_TONNES = {"t": 1.0, "kg": 0.001}
_LANGUAGES = ("en", "zh")
_HAZARDS = {"none": False, "hazardous": True}
_ACCEPTS = {False: False, True: True}
_LONGEST = 200_000
_MOST_SHOWN = 40  # characters of a wrong value that a message repeats
T = TypeVar("T")


class BrokenFile(ValueError):
    """The file cannot be used; the message names file, line and field."""


def read_listings(path: Path, is_offer: bool) -> list[MatchListing]:
    """Listings of a file in the format of shared/matching/README.md; a line may also hold `codes` (a list of texts),
    `price_cny_per_t`, `available_from` and `available_until` (days such as 2026-12-31).

    Raises:
        BrokenFile: a line is no JSON object, misses a field, holds a value that is none of its field's, or repeats an
            id; or the file holds no listing.
    """
    found: dict[str, MatchListing] = {}
    lines: dict[str, int] = {}
    for number, line in _lines(path):
        try:
            listing = _listing(_object(line), is_offer)
        except ValueError as wrong:
            raise BrokenFile(f"{path}:{number}: {wrong}") from wrong
        if listing.id in found:
            raise BrokenFile(
                f"{path}:{number}: id {_shown(listing.id)} stands twice, first in line {lines[listing.id]}"
            )
        found[listing.id], lines[listing.id] = listing, number
    if not found:
        raise BrokenFile(f"{path}:1: the file holds no {'offer' if is_offer else 'want'}")
    return list(found.values())


def write_whole(texts: Mapping[Path, Iterable[str]]) -> None:
    """Write files, all of them or none: each beside its place first, then all are moved.

    Raises:
        OSError: a folder is missing or not to be written to; what was there stays.
    """
    aside = {path: path.with_name(f".{path.name}.{os.getpid()}") for path in texts}
    try:
        for path, lines in texts.items():
            with aside[path].open("w", encoding="utf-8", newline="\n") as file:
                file.writelines(lines)
        for path, temporary in aside.items():
            temporary.replace(path)
    finally:
        for temporary in aside.values():
            temporary.unlink(missing_ok=True)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, with their numbers; a byte order mark is no part of the first."""
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(file, 1):
                line = _decoded(raw, path, number).rstrip("\r\n")
                if line.strip():
                    yield number, line
    except OSError as wrong:
        raise BrokenFile(f"{path}: {wrong.strerror or wrong}") from wrong


def _decoded(raw: bytes, path: Path, number: int) -> str:
    try:
        return raw.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as wrong:
        raise BrokenFile(f"{path}:{number}: byte {wrong.start + 1} is no UTF-8") from wrong


def _object(line: str) -> Mapping[str, Any]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as wrong:
        raise ValueError(f"no JSON: {wrong.msg} at character {wrong.pos + 1}") from wrong
    except (ValueError, RecursionError) as wrong:  # a number of thousands of digits, or brackets without end
        raise ValueError(f"no JSON that can be read: {wrong}") from wrong
    if not isinstance(row, dict):
        raise ValueError("a JSON object is wanted")
    return row


def _listing(row: Mapping[str, Any], is_offer: bool) -> MatchListing:
    title, description = _text(row, "title"), _text(row, "description")
    if len(title) + len(description) > _LONGEST:
        raise ValueError(f"title and description are longer than {_LONGEST} characters")
    quantity = _number(row, "quantity", 0, math.inf)
    tonnes, times = _one_of(row, "unit", _TONNES), _one_of(row, "rhythm", _PER_MONTH)
    return MatchListing(
        id=_id(row),
        is_offer=is_offer,
        title=title,
        description=description,
        lat=_number(row, "lat", -90, 90),
        lon=_number(row, "lon", -180, 180),
        language=_one_of(row, "lang", {name: name for name in _LANGUAGES}),
        monthly_t=quantity * tonnes * times,
        is_hazardous=is_offer and _one_of(row, "hazard", _HAZARDS),
        accepts_hazard=not is_offer and _one_of(row, "accepts_hazard", _ACCEPTS),
        codes=_codes(row) if "codes" in row else (),
        price_cny_per_t=_number(row, "price_cny_per_t", -math.inf, math.inf) if "price_cny_per_t" in row else None,
        available_from=_day(row, "available_from") if "available_from" in row else None,
        available_until=_day(row, "available_until") if "available_until" in row else None,
    )


def _field(row: Mapping[str, Any], name: str) -> Any:
    if name not in row:
        raise ValueError(f"field {name!r} is missing")
    return row[name]


def _id(row: Mapping[str, Any]) -> str:
    """A name that can stand in a tab-separated run."""
    value = _field(row, "id")
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
        raise ValueError(f"id must be a text, not {_shown(value)}")
    name = str(value)
    if any(c in name for c in "\t\r\n") or not _is_writable(name):
        raise ValueError(f"id {_shown(name)} cannot stand in a run: no tabs, line breaks or halves of characters")
    return name


def _text(row: Mapping[str, Any], name: str) -> str:
    value = _field(row, name)
    if not isinstance(value, str):
        raise ValueError(f"{name} must be a text, not {_shown(value)}")
    if not _is_writable(value):
        raise ValueError(f"{name} holds half of a character (a lone surrogate)")
    return value


def _number(row: Mapping[str, Any], name: str, low: float, high: float) -> float:
    value = _field(row, name)
    try:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ValueError
        number = float(value)
    except (ValueError, OverflowError) as wrong:
        raise ValueError(f"{name} must be a number, not {_shown(value)}") from wrong
    if not (math.isfinite(number) and low <= number <= high):
        raise ValueError(f"{name} must be a number {_bounds(low, high)}, not {_shown(value)}")
    return number


def _bounds(low: float, high: float) -> str:
    if low == -math.inf:
        return "that is finite"
    return f"from {low}" if high == math.inf else f"between {low} and {high}"


def _codes(row: Mapping[str, Any]) -> tuple[str, ...]:
    value = _field(row, "codes")
    if not isinstance(value, list) or not all(isinstance(code, str) and _is_writable(code) for code in value):
        raise ValueError(f"codes must be a list of texts, not {_shown(value)}")
    return tuple(value)


def _day(row: Mapping[str, Any], name: str) -> date:
    value = _field(row, name)
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError) as wrong:
        raise ValueError(f"{name} must be a day such as 2026-12-31, not {_shown(value)}") from wrong


def _one_of(row: Mapping[str, Any], name: str, values: Mapping[Any, T]) -> T:
    value = _field(row, name)
    known = isinstance(value, str | bool) and value in values
    if not known:
        words = ", ".join(json.dumps(v) for v in values)
        raise ValueError(f"unknown {name} {_shown(value)}; one of {words}")
    return values[value]


def _shown(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"


def _is_writable(text: str) -> bool:
    return not any("\ud800" <= c <= "\udfff" for c in text)


def read_grades(path: Path, wants: set[str], offers: set[str]) -> dict[str, dict[str, int]]:
    """Judgements, tab-separated want, offer, grade 0 to 3.

    Raises:
        BrokenFile: a line has another shape, names an unknown listing, or judges a pair twice; or there is none.
    """
    found: dict[str, dict[str, int]] = {}
    for number, line in _lines(path):
        parts = line.split("\t")
        if len(parts) != 3 or parts[2] not in ("0", "1", "2", "3"):
            raise BrokenFile(f"{path}:{number}: want, offer and a grade from 0 to 3 are wanted")
        want, offer, grade = parts
        if want not in wants or offer not in offers:
            raise BrokenFile(f"{path}:{number}: unknown listing {want if want not in wants else offer}")
        if offer in found.setdefault(want, {}):
            raise BrokenFile(f"{path}:{number}: {want} and {offer} are judged twice")
        found[want][offer] = int(grade)
    if not found:
        raise BrokenFile(f"{path}:1: the file holds no judgement")
    return found
