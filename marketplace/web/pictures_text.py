"""Words in pictures: how wide they run, where they break, round steps of a scale. Pure.

The font is not known here, so the width of text is estimated on the safe side.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Number = Decimal | float | int
TEXT = 13.0  # font size of all words, in units of the drawing
LINE = 17.0  # from baseline to baseline
WIDE, NARROW = 640.0, 320.0


class Picture:
    """A picture asked for a number of its drawing answers with that of the wide layout."""

    __slots__ = ()
    wide: Any

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "wide":
            raise AttributeError(name)
        return getattr(self.wide, name)


@dataclass(frozen=True, slots=True)
class Words:
    """One line of text at its baseline; `anchor` as in SVG: start, middle or end."""

    text: str
    x: float
    y: float
    anchor: str = "start"

    @property
    def box(self) -> "Box":
        """The room that the line takes."""
        width = text_width(self.text)
        left = self.x - {"start": 0.0, "middle": width / 2, "end": width}[self.anchor]
        return Box(left, self.y - TEXT * 0.85, left + width, self.y + TEXT * 0.25)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle by its left, top, right and bottom edge."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: "Box") -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def is_inside(self, other: "Box") -> bool:
        return (
            self.left >= other.left
            and self.right <= other.right
            and self.top >= other.top
            and self.bottom <= other.bottom
        )


@dataclass(frozen=True, slots=True)
class Tick:
    """A value on an axis, its place along the axis, and its words."""

    value: Decimal
    at: float
    words: Words


def text_width(text: str, size: float = TEXT) -> float:
    """Width of a line of text, rather too much than too little (measured on DejaVu Sans and Noto Sans SC)."""
    return sum(_em(c) for c in text) * size


def _em(c: str) -> float:
    if ord(c) >= 0x2E80:
        return 1.0
    if c in " .,:;'|!ijlI()[]·":
        return 0.4
    if c in "mwMW%@—−+":
        return 0.98 if c in "mMW@—" else 0.86
    return 0.74 if c.isupper() else 0.645


def wrap(text: str, limit: float, most_lines: int = 2) -> tuple[str, ...]:
    """Break a label into lines no wider than `limit`; what does not fit ends with an ellipsis."""
    pieces = [c for word in text.split() for c in (*_breakable(word), " ")][:-1]
    lines = [""]
    for piece in pieces:
        if lines[-1] and text_width(lines[-1] + piece) > limit and piece != " ":
            lines.append("")
        lines[-1] += piece if lines[-1] or piece != " " else ""
    lines = [line.strip() for line in lines]
    if len(lines) > most_lines:
        lines = [*lines[: most_lines - 1], " ".join(lines[most_lines - 1 :])]
    return tuple(_cut(line, limit) for line in lines)


def _breakable(word: str) -> list[str]:
    """A word in pieces between which a line may break: single Han characters, whole Latin words."""
    pieces = [""]
    for c in word:
        if ord(c) >= 0x2E80 or (pieces[-1] and ord(pieces[-1][-1]) >= 0x2E80):
            pieces.append("")
        pieces[-1] += c
    return [p for p in pieces if p]


def _cut(line: str, limit: float) -> str:
    if text_width(line) <= limit:
        return line
    while line and text_width(line + "…") > limit:
        line = line[:-1]
    return line.rstrip() + "…"


def places_for(largest: Number) -> int:
    """Decimals that make sense beside the largest value of a picture."""
    size = abs(float(largest))
    return 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3


def show(value: Number, places: int) -> str:
    """A number with thousands separators and a real minus sign; the same in both languages."""
    text = f"{Decimal(str(value)):,.{places}f}"
    if not text.strip("-0.,"):
        text = text.lstrip("-")
    return text.replace("-", "−")


def axis_steps(low: float, high: float, most: int) -> list[Decimal]:
    """Round values from at or below `low` to at or above `high`, at most `most` of them if that can be."""
    span = max(high - low, 1e-9)
    step = Decimal(10) ** (math.floor(math.log10(span)) - 1)
    for factor in (1, 2, 5, 10, 20, 50, 100, 200, 500):
        size = step * factor
        first, last = math.floor(Decimal(str(low)) / size), math.ceil(Decimal(str(high)) / size)
        if last - first + 1 <= most:
            break
    return [size * i for i in range(first, max(last, first + 1) + 1)]


def axis_scale(low: float, high: float, start: float, end: float) -> Callable[[Number], float]:
    return lambda value: round(start + (float(value) - low) / (high - low) * (end - start), 2)


def clamped(text: str, x: float, y: float, left: float, right: float) -> Words:
    """Centred words, moved aside as far as needed to stay between `left` and `right`."""
    half = text_width(text) / 2
    return Words(text, round(min(max(x, left + half), right - half), 2), y, "middle")


def apart(words: Sequence[Words], gap: float = 8.0) -> bool:
    """Whether centred words on one line keep their distance."""
    return all(a.box.right + gap <= b.box.left for a, b in zip(words, words[1:], strict=False))
