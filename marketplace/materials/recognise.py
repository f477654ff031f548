"""Find the concepts a text names, in either language, by longest match over their terms. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marketplace.materials.text import Reading, read

# A concept that the text says is absent is no evidence for it.
_NEGATION_EN = re.compile(r"(?:\bno|\bnot|\bfree of|\bwithout|\bnon|\bexcept)\s+(?:\w+\s+){0,1}$")
_NEGATION_ZH = re.compile(r"(?:不含|无|不是|非|不要|除)[\u4e00-\u9fff]{0,1}$")
_END = ""  # no unit is empty, so this key of a node holds what ends there


@dataclass(frozen=True, slots=True)
class Mention:
    """A concept named by a term of the text; `start` and `end` are offsets in the normalised text."""

    concept: str
    term: str
    start: int
    end: int


class Lexicon:
    """Several dictionaries of terms, each term naming one or more concepts, looked up in one pass over a text.

    English terms are compared by stems, Chinese ones by characters. Within a dictionary the longest term wins and
    its characters are used up; the dictionaries do not disturb one another.
    """

    def __init__(self, dictionaries: Sequence[Mapping[str, Iterable[str]]]) -> None:
        """Args: dictionaries: concept → its names in both languages."""
        self._count = len(dictionaries)
        self._root: dict[str, Any] = {}
        for number, terms in enumerate(dictionaries):
            for concept, names in terms.items():
                for name in names:
                    self._add(number, concept, read(name).units)

    def _add(self, number: int, concept: str, units: Sequence[str]) -> None:
        if not units:
            return
        node = self._root
        for unit in units:
            node = node.setdefault(unit, {})
        concepts = node.setdefault(_END, {}).setdefault(number, [])
        if concept not in concepts:
            concepts.append(concept)

    def mentions(self, reading: Reading) -> list[list[Mention]]:
        """Of each dictionary, its concepts in order of appearance; negated ones are left out."""
        found: list[list[Mention]] = [[] for _ in range(self._count)]
        units, plain, root = reading.units, reading.plain, self._root
        free = [0] * self._count  # the first unit that a dictionary has not used up
        for i, unit in enumerate(units):
            if unit not in root:
                continue
            longest = self._longest(units, i)
            if not longest:
                continue
            start = reading.starts[i]
            is_absent = _is_negated(plain, start)
            for number, (after, concepts) in longest.items():
                if i < free[number]:
                    continue
                free[number] = after
                if not is_absent:
                    end = reading.ends[after - 1]
                    found[number] += [Mention(c, plain[start:end], start, end) for c in concepts]
        return found

    def _longest(self, units: Sequence[str], i: int) -> dict[int, tuple[int, list[str]]]:
        """By dictionary, the unit after its longest term that begins at unit `i`, and what that term names."""
        longest: dict[int, tuple[int, list[str]]] = {}
        node, count = self._root, len(units)
        while i < count:
            below = node.get(units[i])
            if below is None:
                break
            node, i = below, i + 1
            if _END in node:
                for number, concepts in node[_END].items():
                    longest[number] = (i, concepts)
        return longest


class Recogniser:
    """One dictionary of terms."""

    def __init__(self, terms: Mapping[str, Iterable[str]]) -> None:
        """Args: terms: concept → its names in both languages."""
        self._lexicon = Lexicon([terms])

    def mentions(self, text: str) -> list[Mention]:
        """Concepts of a raw text in order of appearance; negated ones are left out."""
        return self._lexicon.mentions(read(text))[0]


def _is_negated(plain: str, start: int) -> bool:
    before = plain[max(0, start - 24) : start]
    return bool(_NEGATION_EN.search(before) or _NEGATION_ZH.search(before))
