"""The forms of the pages about suggestions: filters, comparing, putting aside."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from wtforms import HiddenField
from wtforms.validators import Optional, ValidationError

from marketplace.listings.models import Kind
from marketplace.matching.models import DismissalReason
from marketplace.matching.page import MOST_RANKED, STEP, MatchWish, Sort, View
from marketplace.materials.taxonomy import taxonomy
from marketplace.web.fields import ChoiceField, LineField, NumberField, Required, SubmissionForm
from marketplace.web.formats import number
from marketplace.web.labels import choices
from marketplace.web.language import language

LIKELY, VERY_LIKELY = "55", "80"  # per cent; where `sentences.score_words` changes its word


class DismissalForm(SubmissionForm):
    """Why this suggestion is not for us."""

    reason = ChoiceField(lazy_gettext("Why it is not for you"), validators=[Required()])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reason.choices = choices(DismissalReason)


class MatchesForm(FlaskForm):
    """Order and filters of a listing's matches; sent by GET, so that the address holds them.

    `why` is what a person misses on the page: a number, an address or a title.
    """

    class Meta:
        csrf = False

    sort = ChoiceField(lazy_gettext("Sort by"))
    view = ChoiceField(lazy_gettext("Show as"))
    within = NumberField(
        lazy_gettext("Distance at most"), validators=[Optional()], minimum="0.1", maximum="5000", places=1
    )
    family = ChoiceField(lazy_gettext("Family"))
    least = ChoiceField(lazy_gettext("Likely enough"))
    hazard = ChoiceField(lazy_gettext("Hazard"))
    price_from = NumberField(
        lazy_gettext("Price from"), validators=[Optional()], minimum="-1000000", maximum="10000000", places=2
    )
    price_to = NumberField(
        lazy_gettext("Price up to"), validators=[Optional()], minimum="-1000000", maximum="10000000", places=2
    )
    why = LineField(lazy_gettext("Which listing do you miss?"), maximum=300)
    show = HiddenField()

    def __init__(self, *args: Any, partner: Kind, families: Mapping[str, int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_offer = partner is Kind.OFFER
        self.sort.choices = [
            (Sort.BEST.value, gettext("most likely first")),
            (Sort.NEAR.value, gettext("nearest first")),
            (Sort.AVOIDED.value, gettext("most avoided first")),
            (Sort.PRICE.value, gettext("cheapest first") if is_offer else gettext("best paid first")),
            (Sort.QUANTITY.value, gettext("best fit of quantity first")),
        ]
        self.view.choices = [(View.CARDS.value, gettext("Cards")), (View.TABLE.value, gettext("Table"))]
        self.family.choices = [("", gettext("any")), *_families(families, self.family.data or "")]
        self.least.choices = [
            ("", gettext("any")),
            (LIKELY, gettext("likely (%(score)s)", score=f"≥ {LIKELY} %")),
            (VERY_LIKELY, gettext("very likely (%(score)s)", score=f"≥ {VERY_LIKELY} %")),
        ]
        hazards = (
            [("no", gettext("not hazardous")), ("yes", gettext("hazardous"))]
            if is_offer
            else [("no", gettext("does not take hazardous waste")), ("yes", gettext("takes hazardous waste"))]
        )
        self.hazard.choices = [("", gettext("any")), *hazards]
        for field, usual in ((self.sort, Sort.BEST), (self.view, View.CARDS), (self.family, ""), (self.least, "")):
            field.data = field.data or str(usual)
        self.hazard.data = self.hazard.data or ""

    def validate_price_to(self, field: NumberField) -> None:
        if field.data is not None and self.price_from.data is not None and field.data < self.price_from.data:
            raise ValidationError(gettext("That is less than the price from which you look."))

    def validate_show(self, field: HiddenField) -> None:
        text = field.data or ""
        if text and not (text.isascii() and text.isdigit() and len(text) <= 3 and STEP <= int(text) <= MOST_RANKED):
            raise ValidationError(gettext("This page address is damaged. Go back and follow the link again."))

    def wish(self) -> MatchWish:
        """The validated form."""
        return MatchWish(
            sort=Sort(self.sort.data),
            view=View(self.view.data),
            within_km=self.within.data,
            family=self.family.data or "",
            least_score=int(self.least.data or 0) / 100,
            is_hazardous={"yes": True, "no": False}.get(self.hazard.data or ""),
            price_from=self.price_from.data,
            price_to=self.price_to.data,
            shown=int(self.show.data or STEP),
        )


def _families(found: Mapping[str, int], chosen: str) -> list[tuple[str, str]]:
    """The families among the matches with their counts, and the chosen one even where none is left of it."""
    known, reader = taxonomy().families, language()
    counts = {slug: count for slug, count in found.items() if slug in known}
    if chosen in known:
        counts.setdefault(chosen, 0)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [(slug, f"{known[slug].name(reader)} ({number(count)})") for slug, count in ordered]
