"""Find the concepts a text names, in either language, by longest match over their terms. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marketplace.materials.negation import absent_spans, is_absent
from marketplace.materials.text import Reading, read, stem
from marketplace.materials.typos import Speller

_END = ""  # no unit is empty, so this key of a node holds what ends there


@dataclass(frozen=True, slots=True)
class Mention:
    """A concept named by a term of the text; `start` and `end` are offsets in the normalised text."""

    concept: str
    term: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Told:
    """Of each dictionary, its concepts in order of appearance: what a text names, and what it says is absent."""

    present: list[list[Mention]]
    absent: list[list[Mention]]


def outside(mentions: Sequence[Mention], longer: Sequence[Mention]) -> list[Mention]:
    """Those that are no part of a longer one of another kind (刨花 in 刨花板)."""
    return [m for m in mentions if not any(_covers(other, m) for other in longer)] if longer else list(mentions)


def _covers(other: Mention, mention: Mention) -> bool:
    is_longer = other.end - other.start > mention.end - mention.start
    return is_longer and other.start <= mention.start and mention.end <= other.end


class Lexicon:
    """Several dictionaries of terms, each term naming one or more concepts, looked up in one pass over a text.

    English terms are compared by stems, Chinese ones by characters. Within a dictionary the longest term wins and
    its characters are used up; the dictionaries do not disturb one another.
    """

    def __init__(self, dictionaries: Sequence[Mapping[str, Iterable[str]]]) -> None:
        """Args: dictionaries: concept → its names in both languages."""
        self._count = len(dictionaries)
        self._root: dict[str, Any] = {}
        self._known: set[str] = set()
        self._alone: dict[tuple[int, str, str], set[str]] = {}
        words: set[str] = set()
        for number, terms in enumerate(dictionaries):
            for concept, names in terms.items():
                for name in names:
                    reading = read(name)
                    words.update(reading.pieces)
                    self._add(number, concept, reading.units)
                    if len(reading.units) == 1:
                        self._alone.setdefault((number, reading.units[0], concept), set()).add(_singular(reading.plain))
        self._speller = Speller(words)

    def _add(self, number: int, concept: str, units: Sequence[str]) -> None:
        if not units:
            return
        self._known.update(units)
        node = self._root
        for unit in units:
            node = node.setdefault(unit, {})
        concepts = node.setdefault(_END, {}).setdefault(number, [])
        if concept not in concepts:
            concepts.append(concept)

    def mentions(self, reading: Reading) -> list[list[Mention]]:
        """Of each dictionary, its concepts in order of appearance; negated ones are left out."""
        return self.told(reading).present

    def told(self, reading: Reading) -> Told:
        """The same, with the negated ones apart."""
        found, missing = ([list[Mention]() for _ in range(self._count)] for _ in range(2))
        plain, root, known = reading.plain, self._root, self._known
        units = [u if u in known or u >= "\u3400" else self._spelt(reading, i) for i, u in enumerate(reading.units)]
        free = [0] * self._count  # the first unit that a dictionary has not used up
        spans, absent_until = absent_spans(plain), -1
        for i, unit in enumerate(units):
            longest = self._longest(units, i) if unit in root else None
            if not longest:
                continue
            start = reading.starts[i]
            furthest = max(reading.ends[after - 1] for after, _ in longest.values())
            absent = is_absent(plain, start, furthest, spans, absent_until)
            absent_until = max(absent_until, furthest) if absent else absent_until
            for number, (after, concepts) in longest.items():
                if i < free[number]:
                    continue
                if after == i + 1 and unit < "\u3400":
                    concepts = self._alone_named(number, unit, concepts, reading, i)
                    if not concepts:
                        continue
                free[number] = after
                end = reading.ends[after - 1]
                heap = missing if absent else found
                heap[number] += [Mention(c, plain[start:end], start, end) for c in concepts]
        return Told(found, missing)

    def _alone_named(self, number: int, unit: str, concepts: list[str], reading: Reading, i: int) -> list[str]:
        """Of concepts named by one word, those for whose name the text has the very word, in either number.

        A stem alone confounds too much: mineral and mineraliser, refrigerated and refrigerators, edge and edgings.
        """
        said = _singular(self._speller.correct(reading.plain[reading.starts[i] : reading.ends[i]]))
        return [c for c in concepts if said in self._alone.get((number, unit, c), ())]

    def _spelt(self, reading: Reading, i: int) -> str:
        return stem(self._speller.correct(reading.plain[reading.starts[i] : reading.ends[i]]))

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


def _singular(word: str) -> str:
    """A lower-case English word without the ending of its plural; for comparing, not for reading."""
    word = word.strip()
    if word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    word = word.removesuffix("e")
    return word[:-1] if word.endswith(("i", "y")) else word


class Recogniser:
    """One dictionary of terms."""

    def __init__(self, terms: Mapping[str, Iterable[str]]) -> None:
        """Args: terms: concept → its names in both languages."""
        self._lexicon = Lexicon([terms])

    def mentions(self, text: str) -> list[Mention]:
        """Concepts of a raw text in order of appearance; negated ones are left out."""
        return self._lexicon.mentions(read(text))[0]
