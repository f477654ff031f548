"""Forms of posting and searching."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from flask_wtf.file import MultipleFileField
from wtforms import BooleanField, Field, HiddenField
from wtforms.validators import Optional, ValidationError

from marketplace.accounts.models import Site
from marketplace.calendar import today
from marketplace.listings.errors import conversion_sentence
from marketplace.listings.models import Form, Kind, Listing, Nature, Rhythm
from marketplace.listings.service import ListingFacts
from marketplace.materials.classify import Suggestion, classifier
from marketplace.materials.codes import is_hazardous_low_code, low_title
from marketplace.materials.taxonomy import taxonomy
from marketplace.materials.units import UNITS, NoConversion, to_tonnes
from marketplace.web.fields import ChoiceField, DayField, LineField, NumberField, Required, SubmissionForm, TextField
from marketplace.web.formats import percent, unit_word
from marketplace.web.labels import choices
from marketplace.web.language import language


class TitleForm(FlaskForm):
    """The first box: what do you have or need?"""

    class Meta:
        csrf = False

    kind = ChoiceField(lazy_gettext("I have or need"), validators=[Required()])
    title = LineField(lazy_gettext("What is it?"), validators=[Required()], maximum=160)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = choices(Kind)


class ListingForm(SubmissionForm):
    """An offer or a want, in three short groups: what, how much and when, where and price."""

    version = HiddenField(default="0")
    kind = ChoiceField(lazy_gettext("Offer or want"), validators=[Required()])
    title = LineField(lazy_gettext("Title"), validators=[Required()], maximum=160)
    material = ChoiceField(lazy_gettext("Material"), validators=[Required()])
    description = TextField(lazy_gettext("Description"), maximum=4000)
    nature = ChoiceField(lazy_gettext("Nature"), validators=[Required()])
    form = ChoiceField(lazy_gettext("Form"), validators=[Required()])
    low_code = LineField(lazy_gettext("EU List of Waste code"), validators=[Optional()], maximum=12)
    sw_code = LineField(lazy_gettext("Chinese solid waste kind (SW)"), validators=[Optional()], maximum=4)
    hw_code = LineField(lazy_gettext("Hazardous waste category (HW)"), validators=[Optional()], maximum=4)
    is_hazardous = BooleanField(lazy_gettext("This is hazardous waste"))
    accepts_hazard = BooleanField(lazy_gettext("We hold a licence and accept hazardous waste"))
    quantity = NumberField(lazy_gettext("Quantity"), validators=[Required()], minimum="0.001", maximum="100000000")
    unit = ChoiceField(lazy_gettext("Unit"), validators=[Required()])
    rhythm = ChoiceField(lazy_gettext("How often"), validators=[Required()])
    available_from = DayField(lazy_gettext("From"), validators=[Required()])
    available_until = DayField(lazy_gettext("Until"), validators=[Required()])
    site_id = ChoiceField(lazy_gettext("Site"), validators=[Required()])
    price_cny_per_t = NumberField(
        lazy_gettext("Price per tonne"), validators=[Optional()], minimum="-1000000", maximum="10000000", places=2
    )
    files = MultipleFileField(lazy_gettext("Pictures and data sheets"))

    def __init__(self, *args: Any, sites: list[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.suggestions: list[Suggestion] = classifier().suggest(self.title.data or "")
        self.kind.choices = choices(Kind)
        self.nature.choices = choices(Nature)
        self.form.choices = choices(Form)
        self.rhythm.choices = choices(Rhythm)
        self.unit.choices = [(unit, unit_word(unit)) for unit in UNITS]
        self.site_id.choices = [(str(site.id), site.name) for site in sites]
        self.material.choices = self._material_choices()

    def _material_choices(self) -> dict[str, list[tuple[str, str]]]:
        tree, reader = taxonomy(), language()
        groups: dict[str, list[tuple[str, str]]] = {}
        if self.suggestions:
            groups[gettext("Suggested by your title")] = [
                (s.material.slug, f"{s.material.name(reader)} · {percent(s.confidence)}") for s in self.suggestions
            ]
        suggested = {s.material.slug for s in self.suggestions}
        return groups | tree.by_family(reader, without=suggested)

    def prefill(self) -> None:
        """Before the first showing: what the title suggests, and usual dates."""
        best = self.suggestions[0].material if self.suggestions else None
        self.available_from.data = today()
        self.available_until.data = today() + timedelta(days=180)
        self.rhythm.data = Rhythm.ONCE.value
        if best:
            self.material.data, self.form.data, self.nature.data = best.slug, best.form, best.nature
            self.unit.data, self.is_hazardous.data = best.unit, best.is_hazardous
            self.low_code.data = best.low_codes[0] if best.low_codes else ""
            self.sw_code.data, self.hw_code.data = best.sw_code, best.hw_code

    def validate_low_code(self, field: Field) -> None:
        field.data = re.sub(r"[\s*]", "", field.data or "")
        if field.data and low_title(field.data) is None:
            raise ValidationError(gettext("The EU list has no such code. Write six digits such as 10 02 02."))
        if field.data and is_hazardous_low_code(field.data) and not self.is_hazardous.data:
            raise ValidationError(gettext("This code is marked hazardous in the list: tick the box or choose another."))

    def validate_sw_code(self, field: Field) -> None:
        field.data = (field.data or "").upper()
        if field.data and not re.fullmatch(r"SW[0-9]{2}", field.data):
            raise ValidationError(gettext("Write a kind such as SW01."))

    def validate_hw_code(self, field: Field) -> None:
        field.data = (field.data or "").upper()
        if field.data and field.data not in {f"HW{n:02d}" for n in range(1, 51)}:
            raise ValidationError(gettext("Write a category such as HW06."))
        if field.data and self.kind.data == Kind.OFFER and not self.is_hazardous.data:
            raise ValidationError(gettext("A category HW means hazardous waste: tick the box or remove the code."))

    def validate_available_until(self, field: Field) -> None:
        start = self.available_from.data
        if field.data and start and field.data < start:
            raise ValidationError(gettext("The last day lies before the first."))
        if field.data and start and (field.data - start).days > 3660:
            raise ValidationError(gettext("At most ten years."))
        if field.data and field.data < today() and not self.errors.get("available_until"):
            raise ValidationError(gettext("This day has passed."))

    def validate_quantity(self, field: Field) -> None:
        material = taxonomy().materials.get(self.material.data or "")
        if material is None or field.data is None or self.unit.data not in UNITS:
            return
        try:
            if to_tonnes(field.data, self.unit.data, material) <= 0:
                raise ValidationError(gettext("That is less than a gram; give a larger quantity."))
        except NoConversion as wrong:
            raise ValidationError(conversion_sentence(wrong)) from wrong

    def facts(self) -> ListingFacts:
        """The validated form as the service wants it."""
        return ListingFacts(
            kind=Kind(self.kind.data),
            title=self.title.data or "",
            description=self.description.data or "",
            language=language(),
            material=self.material.data,
            nature=Nature(self.nature.data),
            form=Form(self.form.data),
            low_code=self.low_code.data or "",
            sw_code=self.sw_code.data or "",
            hw_code=self.hw_code.data or "",
            is_hazardous=bool(self.is_hazardous.data),
            accepts_hazard=bool(self.accepts_hazard.data),
            quantity=self.quantity.data or Decimal(0),
            unit=self.unit.data,
            rhythm=Rhythm(self.rhythm.data),
            available_from=self.available_from.data,  # type: ignore[arg-type]
            available_until=self.available_until.data,  # type: ignore[arg-type]
            price_cny_per_t=self.price_cny_per_t.data,
            site_id=int(self.site_id.data),
        )

    @staticmethod
    def typed(listing: Listing) -> dict[str, Any]:
        """A stored listing as form data."""
        names = (
            "kind title material description nature form low_code sw_code hw_code is_hazardous accepts_hazard "
            "quantity unit rhythm available_from available_until price_cny_per_t submission"
        )
        data = {name: getattr(listing, name) for name in names.split()}
        return data | {"site_id": str(listing.site_id), "version": str(listing.version)}


class SearchForm(FlaskForm):
    """Filters of the search page; sent by GET, so that its address can be shared."""

    class Meta:
        csrf = False

    q = LineField(lazy_gettext("Search"), maximum=200)
    kind = ChoiceField(lazy_gettext("Offers or wants"))
    family = ChoiceField(lazy_gettext("Family"))
    material = ChoiceField(lazy_gettext("Material"))
    park = ChoiceField(lazy_gettext("Park"))
    hazard = ChoiceField(lazy_gettext("Hazard"))
    near = ChoiceField(lazy_gettext("Distance from"))
    within = NumberField(lazy_gettext("At most"), validators=[Optional()], minimum="0.1", maximum="5000", places=1)
    least = NumberField(lazy_gettext("At least"), validators=[Optional()], minimum="0", maximum="100000000")
    sort = ChoiceField(lazy_gettext("Sort by"))

    def __init__(self, *args: Any, parks: list[tuple[str, str]], has_site: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tree, reader, anything = taxonomy(), language(), ("", gettext("any"))
        self.kind.choices = [("", gettext("Offers and wants")), *choices(Kind)]
        self.family.choices = [anything, *((f.slug, f.name(reader)) for f in tree.families.values())]
        self.material.choices = [anything, *((m.slug, m.name(reader)) for m in tree)]
        self.park.choices = [anything, *parks]
        self.hazard.choices = [anything, ("no", gettext("not hazardous")), ("yes", gettext("hazardous"))]
        self.near.choices = [("", gettext("my site") if has_site else gettext("nowhere")), *parks]
        self.sort.choices = [
            ("", gettext("newest first")),
            ("distance", gettext("nearest first")),
            ("quantity", gettext("largest first")),
            ("ending", gettext("ending soonest")),
        ]
        for field in self:
            if isinstance(field, ChoiceField) and field.data is None:
                field.data = ""
