"""How text becomes comparable: one normal form, words, stems and Han bigrams. Pure.

Han text is indexed by character pairs (as common search engines do), so that a hit never depends on how a
segmenter happened to cut; English words are reduced to their Snowball stems.
"""

import re
import unicodedata
from functools import cache, lru_cache

import snowballstemmer
from opencc import OpenCC

_PIECES = re.compile(r"[a-z0-9]+|[\u3400-\u4dbf\u4e00-\u9fff]+")
_STOP = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "by",
        "for",
        "from",
        "has",
        "in",
        "is",
        "it",
        "its",
        "of",
        "on",
        "or",
        "our",
        "per",
        "that",
        "the",
        "their",
        "to",
        "up",
        "we",
        "with",
    ]
)
_HAN_STOP = str.maketrans("", "", "的了和与及或")


@cache
def _simplify() -> OpenCC:
    return OpenCC("t2s")


@cache
def _stemmer() -> snowballstemmer.stemmer:
    return snowballstemmer.stemmer("english")


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """The English stem of a lower-case word; words with digits stay as they are."""
    return str(_stemmer().stemWord(word)) if word.isalpha() else word


def normalise(text: str) -> str:
    """Half-width, lower-case, simplified characters."""
    plain = unicodedata.normalize("NFKC", text).lower()
    return plain if plain.isascii() else str(_simplify().convert(plain))


def pieces(text: str) -> list[str]:
    """Runs of Latin letters and digits, and runs of Han characters, of a normalised text, in order."""
    return _PIECES.findall(text)


def is_han(piece: str) -> bool:
    return piece[0] >= "\u3400"


def tokens(text: str) -> list[str]:
    """Index tokens of a raw text: `w` + stem for words, `h` + hex for each pair of Han characters.

    The tokens are plain ASCII, so that both databases index them alike whatever their collation.
    """
    found: dict[str, None] = {}
    for piece in pieces(normalise(text)):
        if is_han(piece):
            for pair in han_pairs(piece):
                found["h" + pair.encode("utf-16-be").hex()] = None
        elif piece not in _STOP:
            found["w" + stem(piece)] = None
    return list(found)


def han_pairs(run: str) -> list[str]:
    """Overlapping pairs of a run of Han characters without particles; a lone character stands for itself."""
    plain = run.translate(_HAN_STOP)
    if len(plain) < 2:
        return [plain] if plain else []
    return [plain[i : i + 2] for i in range(len(plain) - 1)]
