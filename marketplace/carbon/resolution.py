"""Which of several factors for one thing is taken (METHOD §7), and what lies nearest when none is there. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from marketplace.carbon.library import LibraryFactor

CHINA = "CN"
DELTA = frozenset({"YRD", "EAS"})  # Yangtze delta, East Asia
WORLD = "GLO"
ELSEWHERE = 4  # another country's figure: never taken, only offered


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
