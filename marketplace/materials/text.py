"""How text becomes comparable: one normal form, words, stems and Han bigrams. Pure.

Han text is indexed by character pairs (as common search engines do), so that a hit never depends on how a
segmenter happened to cut; English words are reduced to their Snowball stems.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

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


# Characters that OpenCC changes within certain words only; the others stand in its table of single characters.
_IN_WORDS_ONLY = "瞭藉覆衹沈牾"


@dataclass(frozen=True, slots=True)
class Reading:
    """A text read once for all recognisers: its normal form, and its units with their places in it.

    A unit is the stem of a word or one Han character; `pieces` are the runs they were cut from.
    """

    plain: str
    pieces: tuple[str, ...]
    units: tuple[str, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]


def read(text: str) -> Reading:
    """A raw text in normal form, cut into units."""
    plain = normalise(text)
    found: list[str] = []
    units: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for match in _PIECES.finditer(plain):
        piece, start, end = match.group(), match.start(), match.end()
        found.append(piece)
        if piece[0] >= "\u3400":
            units += piece
            starts += range(start, end)
            ends += range(start + 1, end + 1)
        else:
            units.append(stem(piece))
            starts.append(start)
            ends.append(end)
    return Reading(plain, tuple(found), tuple(units), tuple(starts), tuple(ends))


@cache
def _simplify() -> OpenCC:
    return OpenCC("t2s")


@cache
def _traditional() -> frozenset[str]:
    """Characters that OpenCC would change; a text without any is left as it is, a hundred times faster."""
    table = (files("opencc") / "dictionary" / "TSCharacters.txt").read_text(encoding="utf-8")
    pairs = (line.split("\t") for line in table.splitlines())
    return frozenset(_IN_WORDS_ONLY).union(old for old, new in pairs if new.split(" ")[0] != old)


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
    if plain.isascii() or _traditional().isdisjoint(plain):
        return plain
    return str(_simplify().convert(plain))


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
