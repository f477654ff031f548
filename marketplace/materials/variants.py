"""Other ways to say a term: "fluoride sludge" is also a fluoride cake, 废渔网 also 旧渔网 and 渔网废料. Pure.

Only the words for the form or the state are exchanged, never those for the substance.
"""

from collections.abc import Iterable, Iterator, Mapping

MATERIAL_ENDINGS = (
    ("sludge", "cake", "filter cake", "mud", "slurry", "solids"),
    ("scrap", "waste", "offcuts", "trimmings", "trim", "clippings", "cuttings", "rejects", "leftovers", "remnants"),
    ("dust", "fines", "powder"),
    ("shells", "hulls", "husks"),
    ("regrind", "runners", "sprues", "lumps"),
    ("pomace", "marc", "press cake"),
    ("边角料", "废料", "边料", "下脚料", "余料", "料头", "碎料", "下脚", "边角"),
    ("污泥", "泥饼", "滤饼", "压滤泥"),
    ("破碎料", "粉碎料", "再生料", "水口料", "水口", "回料", "机头料"),
    ("渣", "残渣", "废渣", "滤渣"),
    ("废液", "残液", "回收液"),
    ("除尘灰", "粉尘", "收尘灰", "布袋灰"),
)
MATERIAL_BEGINNINGS = (
    ("spent ", "used ", "waste ", "exhausted ", "old "),
    ("废旧", "报废", "退役", "废", "旧", "失效"),
)
USE_ENDINGS = (
    ("raw material", "feedstock", "feed", "production", "manufacture", "input"),
    ("replacement", "substitute", "alternative", "substitution"),
    ("recovery", "reclaim", "recycling"),
    ("maker", "making", "plant", "factory", "producer", "manufacturer", "production"),
    ("厂原料", "原料", "用料", "生产", "制备", "厂用料", "厂", "制造", "加工", "厂家"),
    ("回收", "再生", "提取", "提炼"),
)
USE_BEGINNINGS = (("替代", "代替", "取代"), ("生产", "制备", "制", "做"))
LEAST_STEM = 2  # Han characters of what is left when form and state are taken off
LEAST_LETTERS = 4


def with_variants(
    names: Mapping[str, Iterable[str]],
    endings: Iterable[tuple[str, ...]],
    beginnings: Iterable[tuple[str, ...]],
    reserved: Iterable[str] = (),
) -> dict[str, tuple[str, ...]]:
    """The names of each concept and their variants, but for variants that would name two concepts.

    `reserved` are words of another meaning that no variant may take: a form (filter cake), a sector (食品厂).
    """
    taken: dict[str, set[str]] = {term.lower(): set() for term in reserved}
    made: dict[str, list[str]] = {}
    for slug, terms in names.items():
        for term in terms:
            taken.setdefault(term.lower(), set()).add(slug)
    owners: dict[str, set[str]] = {}
    for slug, terms in names.items():
        made[slug] = [v for term in terms for v in _variants(term, tuple(endings), tuple(beginnings))]
        for variant in made[slug]:
            owners.setdefault(variant.lower(), set()).add(slug)
    return {
        slug: (*terms, *dict.fromkeys(v for v in made[slug] if v.lower() not in taken and len(owners[v.lower()]) == 1))
        for slug, terms in names.items()
    }


def _variants(
    term: str, endings: tuple[tuple[str, ...], ...], beginnings: tuple[tuple[str, ...], ...]
) -> Iterator[str]:
    for group in endings:
        for ending in sorted(group, key=len, reverse=True):
            stem = term[: -len(ending)]
            if term.endswith(ending) and _is_stem(stem):
                yield from (stem + other for other in group if other != ending)
                break
    for group in beginnings:
        for beginning in sorted(group, key=len, reverse=True):
            stem = term[len(beginning) :]
            if term.startswith(beginning) and _is_stem(stem):
                yield from (other + stem for other in group if other != beginning)
                break


def _is_stem(stem: str) -> bool:
    return len(stem.strip()) >= (LEAST_LETTERS if stem.isascii() else LEAST_STEM)
