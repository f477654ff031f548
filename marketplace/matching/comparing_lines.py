"""The lines of a comparison: one criterion each, a cell per listing, and what differs or is best."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask_babel import gettext

from marketplace.listings.models import Kind, Listing, Rhythm
from marketplace.matching.comparing import Column
from marketplace.matching.page import MatchRow, concerns_hazard
from marketplace.matching.sentences import score_words
from marketplace.materials.codes import show_low_code
from marketplace.materials.taxonomy import taxonomy
from marketplace.web.formats import day, kilometres, money, money_per_t, number, percent, quantity
from marketplace.web.labels import label

Measure = Callable[[MatchRow], float | None]
UNKNOWN = "—"


@dataclass(frozen=True, slots=True)
class Line:
    """A criterion; `best` are the columns to prefer, empty where none is better than another."""

    name: str
    cells: list[str]
    best: frozenset[int]

    @property
    def differs(self) -> bool:
        return len(set(self.cells)) > 1


def lines(columns: Sequence[Column], language: str) -> list[Line]:
    """Figures of the match first, then what the listings say of themselves."""
    partner = columns[0].listing.kind
    return [*_figures(columns, partner), *_facts([c.listing for c in columns], language)]


def _figures(columns: Sequence[Column], partner: Kind) -> list[Line]:
    # Of offers the cheapest is best, of wants the one that pays most.
    price_sign = 1 if partner is Kind.OFFER else -1
    figures: list[tuple[str, Callable[[MatchRow], str], Measure]] = [
        (gettext("How likely"), _score, lambda r: -r.match.score),
        (gettext("Strongest reason"), lambda r: r.bars[0][0] if r.bars else UNKNOWN, lambda r: None),
        (gettext("Distance"), lambda r: kilometres(r.match.distance_km), lambda r: r.match.distance_km),
        (
            gettext("Worth it up to"),
            lambda r: kilometres(r.match.break_even_km),
            lambda r: _negative(r.match.break_even_km),
        ),
        (gettext("Net avoided per tonne"), _net, lambda r: _negative(r.match.net_avoided_kgco2e_per_t)),
        (gettext("Cost per tonne avoided"), _cost, lambda r: _float(r.cost_cny_per_t_avoided)),
        (gettext("Fit of quantity"), lambda r: percent(r.fit.share), lambda r: -r.fit.share),
        (
            gettext("Price"),
            lambda r: money_per_t(r.listing.price_cny_per_t),
            lambda r: _float(r.listing.price_cny_per_t, price_sign),
        ),
    ]
    return [_figure(columns, *figure) for figure in figures]


def _figure(columns: Sequence[Column], name: str, words: Callable[[MatchRow], str], measure: Measure) -> Line:
    """Of the measures the smallest is best; a line in which all are equal has no best."""
    rows = [c.row for c in columns]
    measured = {i: value for i, row in enumerate(rows) if row and (value := measure(row)) is not None}
    least = min(measured.values(), default=None)
    best = frozenset(i for i, value in measured.items() if value == least)
    cells = [words(row) if row else UNKNOWN for row in rows]
    return Line(name, cells, best if len(best) < len(columns) and len(measured) > 1 else frozenset())


def _facts(listings: Sequence[Listing], language: str) -> list[Line]:
    facts: list[tuple[str, Callable[[Listing], str]]] = [
        (gettext("Material"), lambda x: taxonomy().materials[x.material].name(language)),
        (gettext("Quantity"), _quantity),
        (gettext("Available"), lambda x: f"{day(x.available_from)} – {day(x.available_until)}"),
        (gettext("Nature"), lambda x: f"{label(x.nature)} · {label(x.form)}"),
        (gettext("Hazardous waste"), lambda x: gettext("yes") if concerns_hazard(x) else gettext("no")),
        (gettext("Codes"), _codes),
        (gettext("Park"), lambda x: x.park.name_zh if language == "zh" else x.park.name_en),
    ]
    return [Line(name, [words(x) for x in listings], frozenset()) for name, words in facts]


def _score(row: MatchRow) -> str:
    return f"{score_words(row.match.score)} ({percent(row.match.score)})"


def _net(row: MatchRow) -> str:
    net = row.match.net_avoided_kgco2e_per_t
    if net is None:
        return UNKNOWN
    figure = f"{number(net)} kg CO₂e"
    if row.interval is None:
        return figure
    bounds = gettext(
        "%(low)s to %(high)s %(unit)s",
        low=number(row.interval.low),
        high=number(row.interval.high),
        unit="kg CO₂e",
    )
    return f"{figure} ({bounds})"


def _cost(row: MatchRow) -> str:
    return f"{money(row.cost_cny_per_t_avoided)}/t CO₂e" if row.cost_cny_per_t_avoided is not None else UNKNOWN


def _quantity(listing: Listing) -> str:
    words = quantity(listing.quantity, listing.unit)
    return words if listing.rhythm is Rhythm.ONCE else f"{words} {label(listing.rhythm)}"


def _codes(listing: Listing) -> str:
    low = f"EU {show_low_code(listing.low_code)}" if listing.low_code else ""
    return " · ".join(code for code in (low, listing.sw_code, listing.hw_code) if code) or UNKNOWN


def _negative(value: float | None) -> float | None:
    return None if value is None else -value


def _float(value: Decimal | None, sign: int = 1) -> float | None:
    return None if value is None else sign * float(value)
