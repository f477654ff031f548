"""What a want refuses and what an offer consists of, as numbers that can be compared. Pure (numpy).

"No sewage sludge" in a want keeps offers of sewage sludge away; "no plastics" those of every plastic, but for one that
the want asks for. An offer has the numbers of its materials and of the kinds they belong to, a want those of what it
refuses, and the negative ones of what it takes all the same.
"""

import re
from collections.abc import Iterable, Sequence

from marketplace.matching.core.columns import BARRED
from marketplace.materials.negation import is_lacking
from marketplace.materials.recognise import Mention, outside
from marketplace.materials.refusable import refusables
from marketplace.materials.taxonomy import Taxonomy

OWN, USES, PRODUCTS, _, KINDS = range(5)  # the dictionaries of `ConceptReader`
Told = Sequence[Sequence[Mention]]

# What an offer's text says it holds, and what it says the material comes from or is good for, before a name.
_HOLDS = re.compile(
    r"(?:\b(?:contain(?:s|ing)?|includ(?:es|ing)|mixed with|with|some|plus)\s+(?:[\w-]+\s){0,2}"
    r"|含有?|混有|夹有?|掺有?|带有?|部分)$"
)
_ORIGIN = re.compile(r"\b(?:from|ex|after|for|of|to|replac\w+|instead of|made by)\s+(?:[\w-]+\s){0,2}$")
_REACH = 40  # characters before a name in which that is said


class Refusals:
    """Numbers the materials of a taxonomy and the kinds that may be refused as a whole; 0 is none."""

    def __init__(self, tree: Taxonomy) -> None:
        self._kinds = {slug: kind.materials for slug, kind in refusables().items()}
        slugs = (*tree.materials, *self._kinds)
        self._number = {slug: i + 1 for i, slug in enumerate(slugs)}
        self._kinds_of: dict[str, list[str]] = {m.slug: [] for m in tree}
        for kind, members in self._kinds.items():
            for slug in members:
                self._kinds_of[slug].append(kind)

    def contents(self, title: Told, rest: Told, plain: Sequence[str], chosen: str) -> tuple[str, ...]:
        """Materials and kinds that an offer surely consists of or holds.

        Args:
            title, rest: what its title and its description name.
            plain: the two texts, normalised.
            chosen: the material that a person chose, if any.
        """
        named = [m.concept for m in _told(title) if not _says(_ORIGIN, plain[0], m)]
        held = [m.concept for m in _told(rest) if _says(_HOLDS, plain[1], m)]
        if not named and not chosen:
            named = [m.concept for m in rest[OWN][:1]]
        own = dict.fromkeys([*([chosen] if chosen else []), *named, *held])
        above = dict.fromkeys(kind for slug in own for kind in self._kinds_of.get(slug, ()))
        return tuple(slug for slug in {**own, **above} if slug in self._number)

    def refused(self, absent: Sequence[Told], plain: Sequence[str], asked: Iterable[str]) -> tuple[str, ...]:
        """Materials and kinds that a want says it will not take, but for the materials it asks for."""
        own = frozenset(asked)
        found = dict.fromkeys(
            m.concept
            for told, text in zip(absent, plain, strict=True)
            for m in [*told[OWN], *outside(told[KINDS], told[OWN])]
            if not is_lacking(text, m.start)
        )
        return tuple(slug for slug in found if slug not in own)

    def offered_numbers(self, contents: Sequence[str]) -> list[int]:
        """The numbers of what an offer consists of; as many as a row holds, materials first."""
        return [self._number[slug] for slug in contents][:BARRED]

    def refused_numbers(self, refused: Sequence[str], asked: Iterable[str]) -> list[int]:
        """The numbers of what a want refuses, and the negative ones of what it asks for among them."""
        members = frozenset[str]().union(*(self._kinds.get(slug, frozenset()) for slug in refused))
        takes = [-self._number[slug] for slug in asked if slug in members]
        return [*takes, *(self._number[slug] for slug in refused)][:BARRED]

    def between(self, contents: Sequence[str], refused: Sequence[str], asked: Iterable[str]) -> tuple[str, ...]:
        """What a want refuses of what an offer consists of; the same as `loops.is_refused`, in slugs."""
        mine, theirs = self.offered_numbers(contents), self.refused_numbers(refused, asked)
        if any(-number in mine for number in theirs):
            return ()
        return tuple(slug for slug in refused if self._number[slug] in mine and self._number[slug] in theirs)


def _told(title: Told) -> list[Mention]:
    """What a title names by a name of its own or as a kind, unless it is only a part of a longer name."""
    others = [*title[USES], *title[PRODUCTS]]
    return [*outside(title[OWN], others), *outside(title[KINDS], [*title[OWN], *others])]


def _says(words: re.Pattern[str], plain: str, mention: Mention) -> bool:
    return bool(words.search(plain, max(0, mention.start - _REACH), mention.start))
