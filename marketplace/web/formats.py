"""Figures, days and times as people read them, in the page's language. Registered as Jinja filters."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from flask import Flask
from flask_babel import format_date, format_datetime, format_decimal, gettext

from marketplace.carbon.values import Period
from marketplace.materials.figures import Figure
from marketplace.materials.units import UNITS


def number(value: Decimal | int | float | None, places: int = 0) -> str:
    """A number with thousands separators and at most `places` decimals; a real minus sign."""
    if value is None:
        return "—"
    pattern = "#,##0" + ("." + "#" * places if places else "")
    exact = Decimal(str(value)).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN)
    return str(format_decimal(exact + 0, format=pattern)).replace("-", "−")


def tonnes(value: Decimal | None) -> str:
    """A mass: kilograms below one tonne, else tonnes with as many decimals as make sense."""
    if value is None:
        return "—"
    if value != 0 and abs(value) < 1:
        return f"{number(value * 1000, 1)} kg"
    return f"{number(value, 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 3)} t"


def kgco2e(value: Decimal | None) -> str:
    """Emissions with their unit: kilograms, or tonnes from ten tonnes on."""
    if value is None:
        return "—"
    kg_per_unit, places, unit = _emission_scale(abs(value))
    return f"{number(value / kg_per_unit, places)} {unit}"


def kgco2e_range(low: Decimal, high: Decimal) -> str:
    """An interval of emissions, both ends in the unit of the larger."""
    kg_per_unit, places, unit = _emission_scale(max(abs(low), abs(high)))
    low_words, high_words = number(low / kg_per_unit, places), number(high / kg_per_unit, places)
    return gettext("%(low)s to %(high)s %(unit)s", low=low_words, high=high_words, unit=unit)


def _emission_scale(size_kgco2e: Decimal) -> tuple[int, int, str]:
    """Kilograms per unit, decimals and the unit in which emissions of a size are told."""
    if size_kgco2e < 10000:
        return 1, 1, "kg CO₂e"
    return 1000, 1 if size_kgco2e < 1000000 else 0, "t CO₂e"


def factor_unit(unit: str) -> str:
    """A factor's unit as people write it."""
    return unit.replace("kgCO2e", "kg CO₂e").replace("kgCO2", "kg CO₂")


def kgco2e_exact(value: Decimal | None) -> str:
    """Emissions to the gram as recorded."""
    return "—" if value is None else f"{number(value, 3)} kg CO₂e"


def money_per_t(value: Decimal | None) -> str:
    """A price per tonne as a phrase: negative means that the supplier pays."""
    if value is None:
        return gettext("price on request")
    if value == 0:
        return gettext("free")
    if value < 0:
        return gettext("supplier pays ¥%(price)s/t", price=number(-value, 2))
    return f"¥{number(value, 2)}/t"


def money(value: Decimal | None) -> str:
    return "—" if value is None else f"¥{number(value, 0)}".replace("¥−", "−¥")


def kilometres(value: Decimal | float | None) -> str:
    if value is None:
        return "—"
    return f"{number(value, 0 if value >= 100 else 1)} km"


def percent(value: Decimal | float | None, places: int = 0) -> str:
    return "—" if value is None else f"{number(Decimal(str(value)) * 100, places)} %"


def quantity(value: Decimal, unit: str) -> str:
    """A quantity in the unit a person chose."""
    return f"{number(value, 3)} {unit_word(unit)}"


def stated(figure: Figure) -> str:
    """The bounds that a text states: “≥ 60 %”, “28–32 %”."""
    unit = f" {figure.unit}" if figure.unit else ""
    low, high = number(figure.low, 6), number(figure.high, 6)
    if figure.high is None:
        return f"≥ {low}{unit}"
    if figure.low is None:
        return f"≤ {high}{unit}"
    return f"{low}{unit}" if figure.low == figure.high else f"{low}–{high}{unit}"


def unit_word(unit: str) -> str:
    words = {"t": "t", "kg": "kg", "m3": "m³", "L": "L", "piece": gettext("pieces"), "bale": gettext("bales")}
    return words[unit] if unit in UNITS else unit


def day(value: date | None) -> str:
    """A calendar day."""
    return "—" if value is None else str(format_date(value, "medium"))


def month(value: date | None) -> str:
    return "—" if value is None else str(format_date(value, gettext("MMM yyyy")))


def period(value: Period | None) -> str:
    """A settled month or quarter."""
    if value is None:
        return "—"
    is_month = (value.end - value.start).days <= 31
    return str(format_date(value.start, gettext("MMMM yyyy") if is_month else gettext("QQQ yyyy")))


def recorded_period(said: Mapping[str, str]) -> str:
    """The period of an entry, from the words in which it keeps it."""
    return period(Period(date.fromisoformat(said["from"]), date.fromisoformat(said["to"])))


def moment(value: datetime | None) -> str:
    """A moment, shown in Shanghai's time."""
    return "—" if value is None else str(format_datetime(value, gettext("d MMM yyyy, HH:mm")))


def stamp(text: str) -> str:
    """A moment as an entry keeps it (RFC 3339), shown in Shanghai's time."""
    return moment(datetime.fromisoformat(text))


def decimal(text: str) -> Decimal:
    """A number that was stored as text."""
    return Decimal(text)


FILTERS: dict[str, Any] = {
    f.__name__: f
    for f in (
        decimal, number, tonnes, kgco2e, kgco2e_exact, factor_unit, money_per_t, money, kilometres, percent,
        quantity, day, month, moment, period, recorded_period, stamp, stated,
    )
}  # fmt: skip


def init_app(app: Flask) -> None:
    """Make the formats known to templates."""
    app.jinja_env.filters.update(FILTERS)
    app.jinja_env.globals["unit_word"] = unit_word
    app.jinja_env.globals["kgco2e_range"] = kgco2e_range
