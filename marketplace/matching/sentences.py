"""The reasons of a match as sentences in the reader's language, each with its share of the score."""

from dataclasses import dataclass
from decimal import Decimal

from flask_babel import gettext

from marketplace.knowledge import knowledge
from marketplace.matching.core.knowledge import Application
from marketplace.matching.core.values import Match, Reason
from marketplace.web.formats import kilometres


@dataclass(frozen=True, slots=True)
class Sentence:
    """A reason to read; `share` is its part of the score, negative when it speaks against the match."""

    text: str
    share: float


def sentences_of(match: Match, language: str, most: int = 4) -> list[Sentence]:
    """The strongest reasons, strongest first."""
    told = [Sentence(_sentence(r, language), r.share) for r in match.reasons if r.kind != "prior"]
    return [s for s in told if s.text][:most]


def score_words(score: float) -> str:
    """The score as people say it."""
    if score >= 0.8:
        return gettext("Very likely")
    if score >= 0.55:
        return gettext("Likely")
    return gettext("Possible") if score >= 0.3 else gettext("Unlikely")


def _sentence(reason: Reason, language: str) -> str:
    if reason.kind == "application":
        return _application(reason, language)
    if reason.kind == "material":
        return _material(reason, language)
    if reason.kind == "nearness":
        return _nearness(reason)
    value = float(reason.facts.get("value", "0"))
    plain = {
        "text": gettext("The descriptions speak of the same things."),
        "composition": gettext("The stated amounts fit.") if value > 0.5 else gettext("The stated amounts do not fit."),
        "quantity": gettext("The quantities fit.") if value >= 0.7 else gettext("The quantities differ."),
        "dates": gettext("The dates overlap.") if value >= 1 else gettext("The dates lie close."),
        "price": gettext("The price asked is within what is paid.") if value >= 1 else gettext("The prices differ."),
    }
    is_unknown = reason.kind in ("composition", "price") and value == 0.5
    return "" if is_unknown else plain.get(reason.kind, "")


def _material(reason: Reason, language: str) -> str:
    kind, slug = reason.facts["kind"], reason.facts["material"]
    if kind == "code":
        return gettext("They share a waste code.")
    if kind == "family" or not slug:
        return gettext("The materials belong to the same family.")
    name = knowledge().taxonomy.materials[slug].name(language)
    if reason.facts["named"] == "yes":
        return gettext("Both name %(material)s.", material=name)
    return gettext("Both read like %(material)s.", material=name)


def _application(reason: Reason, language: str) -> str:
    application = knowledge().of_pair(reason.facts["material"], reason.facts["use"])
    return use_sentence(application, language) if application else ""


def use_sentence(application: Application, language: str) -> str:
    """A documented use with its source."""
    use = knowledge().uses[application.use].name(language)
    replaces, source = application.replaces(language), application.source
    if replaces:
        return gettext(
            "Known use: %(use)s, replaces %(product)s (%(source)s).", use=use, product=replaces, source=source
        )
    return gettext("Known use: %(use)s (%(source)s).", use=use, source=source)


def _nearness(reason: Reason) -> str:
    distance = kilometres(Decimal(reason.facts["distance_km"]))
    if "break_even_km" in reason.facts:
        limit = kilometres(Decimal(reason.facts["break_even_km"]))
        return gettext("%(distance)s away; worth it up to %(limit)s.", distance=distance, limit=limit)
    return gettext("%(distance)s away.", distance=distance)
