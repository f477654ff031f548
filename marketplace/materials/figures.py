"""Figures that a listing's text states: “Fe ≥ 60 %”, “含水率 30%”, “under 0.5 % chlorine”. Pure.

A figure belongs to the component or parameter of the thesaurus that stands directly before or after it. What a text
says is absent ("asbestos-free", "不含氯离子") is at most a trace.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from marketplace.materials.negation import absent_spans
from marketplace.materials.recognise import Lexicon, Mention
from marketplace.materials.text import Reading, read
from marketplace.materials.thesaurus import thesaurus

_AT_LEAST = r"≥|>=|>|over|above|at least|min\.?|minimum|more than|不低于|不少于|大于|高于|超过"
_AT_MOST = r"≤|<=|<|under|below|at most|max\.?|maximum|less than|up to|不高于|不超过|不大于|小于|低于"
_NUMBER = r"\d{1,7}(?:\.\d{1,6})?"
_UNIT = r"%|percent\b|wt\.? ?%|ppm|mg/kg|g/kg|mg/l|g/l|克每升|克/升|mj/kg|kcal/kg|大卡|千卡"
_FIGURE = (
    rf"(?:(?P<least>{_AT_LEAST})|(?P<most>{_AT_MOST}))?\s*(?P<first>{_NUMBER})"
    rf"(?:\s*(?:-|–|~|to|至|到)\s*(?P<second>{_NUMBER}))?\s*(?P<unit>{_UNIT})?"
    r"\s*(?:(?P<least_after>以上|or more|min\b)|(?P<most_after>以下|以内|or less|max\b)|(?P<about_after>左右|上下))?"
)
_AFTER = re.compile(r"\s*(?:content|含量|is|为|约|about|around|of|:|,)?\s*" + _FIGURE)
_BEFORE = re.compile(_FIGURE + r"\s*(?:的|of)?\s*$")
_REACH = 26  # characters before a component in which its figure may stand
_WITHOUT_UNIT = {
    "comp-ph",
    "comp-whiteness",
    "comp-fineness",
    "comp-strength-index",
    "comp-viscosity",
    "comp-acid-value",
}
TRACE = Decimal("0.1")  # per cent by mass: below, a text may say that something is absent
_DIGIT = re.compile(r"\d")
_UNITS = {
    "大卡": "kcal/kg",
    "千卡": "kcal/kg",
    "mj/kg": "MJ/kg",
    "mg/l": "mg/L",
    "g/l": "g/L",
    "克每升": "g/L",
    "克/升": "g/L",
    "percent": "%",
    "wt%": "%",
    "wt %": "%",
    "wt.%": "%",
    "wt. %": "%",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A stated amount of a component; both bounds are the same when one number is stated, None when open.

    `unit`: "%", "ppm", "mg/kg", "g/kg", "mg/L", "g/L", "MJ/kg" or "kcal/kg", empty for a parameter
    without one (pH, fineness).
    """

    component: str
    low: Decimal | None
    high: Decimal | None
    unit: str


@cache
def _components() -> Lexicon:
    return Lexicon([{c.slug: c.labels for c in thesaurus().of_kind("components")}])


@cache
def _substances() -> frozenset[str]:
    """The components that may be absent; a parameter such as pH always has a value."""
    return frozenset(c.slug for c in thesaurus().of_kind("components") if c.broader != "parameters")


@cache
def component_slugs() -> tuple[str, ...]:
    """The components a figure may be of, in the order of the file."""
    return tuple(c.slug for c in thesaurus().of_kind("components"))


def figures_of(text: str) -> list[Figure]:
    """The figures of a raw text in order of appearance; of one component the first."""
    return figures_in(read(text))


def figures_in(*readings: Reading) -> list[Figure]:
    """The same for one text or several that were read already."""
    found: dict[str, Figure] = {}
    for reading in readings:
        if not (_DIGIT.search(reading.plain) or absent_spans(reading.plain)):
            continue
        told = _components().told(reading)
        for mention in told.present[0]:
            if figure := _figure(reading.plain, mention):
                found.setdefault(mention.concept, figure)
        for mention in told.absent[0]:
            if mention.concept in _substances():
                found.setdefault(mention.concept, Figure(mention.concept, None, TRACE, "%"))
    return list(found.values())


def _figure(plain: str, mention: Mention) -> Figure | None:
    after = _AFTER.match(plain, mention.end)
    if after and (figure := _read(mention.concept, after)):
        return figure
    start = max(0, mention.start - _REACH)
    before = _BEFORE.search(plain, start, mention.start)
    return _read(mention.concept, before) if before else None


def _is_share(match: re.Match[str], number: Decimal) -> bool:
    """Plants leave out the per cent where a bound says that it is an amount: 氧化铝70以上, Fe ≥ 62."""
    has_bound = any(match[name] for name in ("least", "most", "least_after", "most_after", "about_after"))
    return has_bound and 1 <= number <= 100


def _read(component: str, match: re.Match[str]) -> Figure | None:
    unit = _UNITS.get(match["unit"] or "", match["unit"] or "")
    first = Decimal(match["first"])
    if not unit and component not in _WITHOUT_UNIT:
        if not _is_share(match, first):
            return None  # a number alone may be anything: a year, a truck, a grade
        unit = "%"
    second = Decimal(match["second"]) if match["second"] else first
    low, high = min(first, second), max(first, second)
    if unit == "%" and high > 100:
        return None
    if match["least"] or match["least_after"]:
        return Figure(component, low, None, unit)
    if match["most"] or match["most_after"]:
        return Figure(component, None, high, unit)
    return Figure(component, low, high, unit)
