"""Which language a page speaks: the person's choice, else the browser's first of ours, else English."""

from flask import has_request_context, request, session
from flask_babel import get_locale

LOCALES = {"en": "en", "zh": "zh_Hans_CN"}
HTML_LANG = {"en": "en", "zh": "zh-Hans-CN"}


def select_locale() -> str:
    """The Babel locale of the request; browsers say zh-CN, Babel wants zh_Hans_CN, hence the map by hand."""
    if not has_request_context():
        return "en"
    chosen = session.get("language")
    if chosen not in LOCALES:
        best = request.accept_languages.best_match(["en", "zh", "zh-CN", "zh-Hans", "zh-TW", "zh-Hans-CN"], "en")
        chosen = (best or "en")[:2]
    return LOCALES[chosen]


def language() -> str:
    """The page's language: "en" or "zh"."""
    locale = get_locale()
    return "zh" if locale is not None and locale.language == "zh" else "en"
