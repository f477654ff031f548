"""Find the concepts a text names, in either language, by longest match over their terms. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from marketplace.materials.text import is_han, normalise, pieces, stem

# A concept that the text says is absent is no evidence for it.
_NEGATION_EN = re.compile(r"(?:\bno|\bnot|\bfree of|\bwithout|\bnon|\bexcept)\s+(?:\w+\s+){0,1}$")
_NEGATION_ZH = re.compile(r"(?:不含|无|不是|非|不要|除)[\u4e00-\u9fff]{0,1}$")


@dataclass(frozen=True, slots=True)
class Mention:
    """A concept named by a term of the text; `start` and `end` are offsets in the normalised text."""

    concept: str
    term: str
    start: int
    end: int


class Recogniser:
    """A dictionary of terms, each naming one or more concepts.

    English terms are compared by stems, Chinese ones by characters; the longest term wins and its
    characters are used up.
    """

    def __init__(self, terms: Mapping[str, Iterable[str]]) -> None:
        """Args: terms: concept → its names in both languages."""
        self._concepts: dict[tuple[str, ...], list[str]] = defaultdict(list)
        self._longest: dict[str, int] = {}  # by first unit
        for concept, names in terms.items():
            for name in names:
                key = tuple(t for t, _, _ in _units(normalise(name)))
                if key and concept not in self._concepts[key]:
                    self._concepts[key].append(concept)
                    self._longest[key[0]] = max(self._longest.get(key[0], 0), len(key))

    def mentions(self, text: str) -> list[Mention]:
        """Concepts of a raw text in order of appearance; negated ones are left out."""
        plain = normalise(text)
        units = _units(plain)
        found: list[Mention] = []
        i = 0
        while i < len(units):
            length = self._match(units, i)
            if not length:
                i += 1
                continue
            start, end = units[i][1], units[i + length - 1][2]
            if not _is_negated(plain, start):
                key = tuple(t for t, _, _ in units[i : i + length])
                found += [Mention(c, plain[start:end], start, end) for c in self._concepts[key]]
            i += length
        return found

    def _match(self, units: list[tuple[str, int, int]], i: int) -> int:
        longest = self._longest.get(units[i][0], 0)
        for length in range(min(longest, len(units) - i), 0, -1):
            if tuple(t for t, _, _ in units[i : i + length]) in self._concepts:
                return length
        return 0


def _units(plain: str) -> list[tuple[str, int, int]]:
    """Stems of words and single Han characters with their offsets."""
    units: list[tuple[str, int, int]] = []
    position = 0
    for piece in pieces(plain):
        start = plain.index(piece, position)
        position = start + len(piece)
        if is_han(piece):
            units += [(c, start + k, start + k + 1) for k, c in enumerate(piece)]
        else:
            units.append((stem(piece), start, position))
    return units


def _is_negated(plain: str, start: int) -> bool:
    before = plain[max(0, start - 24) : start]
    return bool(_NEGATION_EN.search(before) or _NEGATION_ZH.search(before))
