"""Words that are one slip of the finger away from a known word. Pure.

A deletion neighbourhood (as in SymSpell): two words are one insertion, deletion, replacement or swap apart when they
share a form with at most one letter left out. The first letter must be right, and only one known word may be so near.
"""

from collections import defaultdict
from collections.abc import Iterable

LEAST_LETTERS = 7  # shorter words have too many honest neighbours (steel, steam, steep)
LEAST_REPLACED = 9  # a letter for another makes an honest word of a longer one still (fraction, friction)
MOST_KEPT = 100_000


class Speller:
    """Known words and the slips that lead to them."""

    def __init__(self, words: Iterable[str]) -> None:
        """Args: words: lower-case; those with anything but letters a to z, and short ones, are left out."""
        self._forms: dict[str, set[str]] = defaultdict(set)
        for word in words:
            if _is_long_word(word, LEAST_LETTERS):
                for form in _forms(word):
                    self._forms[form].add(word)
        self._kept: dict[str, str] = {}

    def correct(self, word: str) -> str:
        """The one known word that is one slip away, else the word itself."""
        if word not in self._kept:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[word] = self._nearest(word) if _is_long_word(word, LEAST_LETTERS - 1) else word
        return self._kept.get(word, word)

    def _nearest(self, word: str) -> str:
        near = {known for form in _forms(word) for known in self._forms.get(form, ()) if _is_slip(word, known)}
        return near.pop() if len(near) == 1 else word


def _is_long_word(word: str, least: int) -> bool:
    return len(word) >= least and word.isascii() and word.isalpha()


def _forms(word: str) -> set[str]:
    return {word, *(word[:i] + word[i + 1 :] for i in range(1, len(word)))}


def _is_slip(word: str, known: str) -> bool:
    """One edit apart: they agree but for one letter, one place, or two neighbours that changed places."""
    if word == known:
        return True
    start = 0
    while start < min(len(word), len(known)) and word[start] == known[start]:
        start += 1
    a, b = word[start:], known[start:]
    if start == 0:
        return False
    is_replaced = a[1:] == b[1:] and len(known) >= LEAST_REPLACED
    return is_replaced or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])
