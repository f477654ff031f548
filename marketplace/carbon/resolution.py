"""Which of several factors for one thing is taken (METHOD §7), and what lies nearest when none is there. Pure.

The order: the site's own approved measurement (which the ledger looks up, as it is no row of the library), its
province, China, the Yangtze delta or East Asia, the world. Only then another region's figure, as a proxy: under an id
of its own and with a wider spread, so that nobody takes it for a figure of here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_CEILING, Decimal
from difflib import get_close_matches
from enum import StrEnum

from marketplace.carbon.decimals import exact, ln
from marketplace.carbon.errors import MissingFactor
from marketplace.carbon.library import LibraryFactor

CHINA = "CN"
DELTA = frozenset({"YRD", "EAS"})  # Yangtze delta, East Asia
WORLD = "GLO"
ELSEWHERE = 4  # another country's figure: never taken for one of here

NO_STEP = "none"
SHANGHAI = "CN-SH"
PROXY_PREFIX = "proxy-"
# What a figure of another region is unsure of besides its own spread: 95 % within a factor of 2.2. Our own judgement,
# no published number: fuels, electricity and practice differ; China's provinces alone differ by 1.3 in electricity.
PROXY_GSD = Decimal("1.5")
PROXY_KINDS = frozenset({"production", "production-secondary", "disposal", "reprocessing", "transport"})


class Step(StrEnum):
    """Where in the order a factor was found."""

    SITE = "site"
    PROVINCE = "province"
    COUNTRY = "country"
    DELTA = "delta"
    WORLD = "world"
    PROXY = "proxy"
    NOTHING = "nothing"  # the step does not take place: zero by definition


@dataclass(frozen=True, slots=True)
class Resolved:
    """The factor taken for what was wanted, and at which step; a proxy is the widened factor itself."""

    factor: LibraryFactor
    step: Step


def resolve_wanted(wanted: str, library: Mapping[str, LibraryFactor], *, province: str, on: date) -> Resolved:
    """The factor in force for what a baseline, an application or a means of transport names.

    Args:
        wanted: a factor's id; rows of the same thing stand for it.
        library: all factors by id.
        province: region code of the site such as ``CN-SH``; empty where it is not known.
        on: the day of the first delivery.

    Raises:
        MissingFactor: the library does not know it, or all its figures are of later years.
    """
    if wanted == NO_STEP:
        return Resolved(library[NO_STEP], Step.NOTHING)
    known = library.get(wanted)
    if known is None:
        alike = get_close_matches(wanted, library, n=1)
        raise _missing(wanted, library[alike[0]] if alike else None, province)
    same = [f for f in library.values() if f.stands_for == known.stands_for]
    taken = resolve(same, province=province, on=on)
    if taken is not None:
        return Resolved(taken, _STEPS[_place(taken.region, province)])
    foreign = [f for f in same if f.year <= on.year]
    if not foreign or known.kind not in PROXY_KINDS:
        raise _missing(wanted, nearest(known, library.values(), province=province, on=on), province)
    return Resolved(as_proxy(min(foreign, key=lambda f: (-f.year, f.gsd, f.id))), Step.PROXY)


def as_proxy(factor: LibraryFactor) -> LibraryFactor:
    """The factor as it is used outside its region: same value, ``ln g`` widened by that of the transfer."""
    return replace(
        factor,
        id=PROXY_PREFIX + factor.id,
        # Wherever the name stands, in a chart or on a certificate, it says what it is.
        name_en=f"{factor.name_en} (proxy)",
        name_zh=f"{factor.name_zh or factor.name_en}（替代值）",
        gsd=widened_gsd(factor.gsd),
        notes=f"Proxy: a figure of {factor.region}, used where none is known; its own spread is {factor.gsd:f}. "
        + factor.notes,
    )


def widened_gsd(gsd: Decimal) -> Decimal:
    """Both spreads as independent, lognormal: ``exp √(ln² g + ln² g_proxy)``, rounded up to four places."""
    with exact():
        logarithm = (ln(gsd) ** 2 + ln(PROXY_GSD) ** 2).sqrt()
        return logarithm.exp().quantize(Decimal("0.0001"), rounding=ROUND_CEILING)


def proxies(factors: Iterable[LibraryFactor]) -> Iterator[LibraryFactor]:
    """Each factor that may have to stand in for one of here: of another country or province, and of a usable kind."""
    return (as_proxy(f) for f in factors if f.kind in PROXY_KINDS and _place(f.region, "") == ELSEWHERE)


def resolve(candidates: Iterable[LibraryFactor], *, province: str, on: date) -> LibraryFactor | None:
    """The factor in force: province, then China, then delta or East Asia, then world; in it the newest valid year.

    Args:
        candidates: factors of the same thing and the same system boundary.
        province: region code of the delivery's site such as ``CN-SH``.
        on: the delivery's date; a factor of a later year is not valid yet.

    Returns:
        The factor; None if no region fits or all are of later years: nothing is guessed.
    """
    valid = [f for f in candidates if f.year <= on.year and _place(f.region, province) < ELSEWHERE]
    return min(valid, key=lambda f: (_place(f.region, province), -f.year, f.gsd, f.id), default=None)


def nearest(
    wanted: LibraryFactor, candidates: Iterable[LibraryFactor], *, province: str, on: date
) -> LibraryFactor | None:
    """What to offer a person in place of ``wanted``, with its ``gsd``: same kind, unit and material or mode.

    Other countries' figures are offered too, after all others, as the person decides; None if there is nothing alike.
    """
    alike = [f for f in candidates if f.id != wanted.id and _likeness(f) == _likeness(wanted) and f.year <= on.year]
    return min(alike, key=lambda f: (_place(f.region, province), -f.year, f.gsd, f.id), default=None)


def _missing(wanted: str, offer: LibraryFactor | None, province: str) -> MissingFactor:
    if offer is None:
        return MissingFactor(wanted, None, None)
    is_foreign = _place(offer.region, province) == ELSEWHERE
    return MissingFactor(wanted, offer, widened_gsd(offer.gsd) if is_foreign else offer.gsd)


_STEPS = {0: Step.PROVINCE, 1: Step.COUNTRY, 2: Step.DELTA, 3: Step.WORLD}


def _likeness(factor: LibraryFactor) -> tuple[str, str, str]:
    return factor.kind, factor.unit, factor.material_or_mode


def _place(region: str, province: str) -> int:
    if region == province:
        return 0
    if region == CHINA:
        return 1
    if region in DELTA:
        return 2
    return 3 if region == WORLD else ELSEWHERE
