"""Where a text says that something is absent: "free of PVC", "asbestos-free", "不含石棉、木块", "旧轮胎除外". Pure."""

import re

_REACH = 40  # characters after a negator in which its objects may stand
_BEFORE_EN = (
    r"\b(?:free (?:of|from)|without|contain(?:s|ing)? no|do(?:es)? not contain|excluding|except(?: for)?|devoid of|nor"
    r"|no(?![\s.]*\d)|not(?! only\b| yet\b|\s+\w+(?:ed|en)\b))\b"
)
_BEFORE_ZH = (
    r"不含有?|不带|不掺|没有|并?不是|不要|不收|拒收|谢绝|不接受|不包括|已?剔除?|已?去除"
    r"|除了(?![^。；;]{1,24}(?:还|也|亦|另))"
)
# 无 and 非 begin many words of their own (无机, 无烟煤, 非金属), so they reach no further than the very next word.
_DIRECT = re.compile(r"(?:\bnon[\s-]|[无非](?:任何)?)$")
_LIST = re.compile(r"(?:、|\s*(?:/|,?\s*\b(?:and|or|nor)\b|和|或|及|与)\s*)$")
_NEGATOR = re.compile(rf"{_BEFORE_EN}|{_BEFORE_ZH}")
_END = re.compile(
    r"[.;:()!?\n，。；：（）！？]|,(?!\s*[a-z0-9-]+(?:\s[a-z0-9-]+)?\s*(?:,|and\b|or\b|nor\b))"
    r"|\b(?:but|only|with|for|suitable|than|because|which|that|as|to|is|are|in|at|on|instead|needed|required)\b"
    r"|但|仅|只要|可用|适合|的"
)
_AFTER = re.compile(
    r"[\s-]*(?:free\b(?![\s-]*(?:of|from|flow|lime|swell|fall|issue|deliver))|excluded\b"
    r"|not (?:accepted|included|present)\b"
    r"|absent\b|: ?(?:none|nil)\b)|\s*(?:含量)?\s*(?:除外|未检出|不收|不要|勿扰|免谈|: ?无)"
)
_BUT = re.compile(r"除[^，。；,;]{1,20}?(?:之外|以外|外)(?!\s*[，,]?\s*(?:还|也|亦|另|同时))")
# Who has none of something does not refuse it: "we no longer get fly ash".
_LACKING = re.compile(
    r"\b(?:(?:have|has|had|having|there (?:is|are)|got|get|gets|find|finds) (?:no|not)|no (?:longer|more|access|local)"
    r"|not enough)\b|没有"
)


def absent_spans(plain: str) -> list[tuple[int, int]]:
    """Stretches of a normalised text whose concepts are said to be absent; mostly none."""
    spans = [match.span() for match in _BUT.finditer(plain)] if "除" in plain else []
    for match in _NEGATOR.finditer(plain):
        stop = _END.search(plain, match.end(), match.end() + _REACH)
        spans.append((match.end(), stop.start() if stop else match.end() + _REACH))
    return spans


def is_absent(plain: str, start: int, end: int, spans: list[tuple[int, int]], absent_until: int) -> bool:
    """Whether the term at [start, end) is said to be absent.

    Args:
        spans: the text's `absent_spans`.
        absent_until: the end of the last term found absent, -1 if none: a list goes on with what began it.
    """
    if any(a <= start < b for a, b in spans):
        return True
    if _AFTER.match(plain, end) or _DIRECT.search(plain, max(0, start - 8), start):
        return True
    return 0 <= absent_until <= start <= absent_until + 6 and bool(_LIST.fullmatch(plain, absent_until, start))


def is_lacking(plain: str, start: int) -> bool:
    """Whether what is absent at `start` is only not to be had, rather than refused."""
    return any(match.end() <= start <= match.end() + _REACH for match in _LACKING.finditer(plain))
