"""The forms of chains and of the treatments that a plant offers."""

from decimal import Decimal
from typing import Any

from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from wtforms import Field
from wtforms.validators import Optional, ValidationError

from marketplace.accounts.models import Site
from marketplace.knowledge import knowledge
from marketplace.matching.beyond.treatments import TreatmentFacts
from marketplace.matching.core.beyond.blends import Objective
from marketplace.matching.core.beyond.chains import opens_a_use, processes
from marketplace.materials.taxonomy import taxonomy
from marketplace.web.fields import ChoiceField, LineField, NumberField, Required, SubmissionForm
from marketplace.web.labels import choices
from marketplace.web.language import language


class ChainsForm(FlaskForm):
    """What the best chain has least of; sent by GET."""

    class Meta:
        csrf = False

    by = ChoiceField(lazy_gettext("Sort by"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by.choices = choices(Objective)
        self.by.data = self.by.data or Objective.CHEAPEST.value

    @property
    def objective(self) -> Objective:
        """The validated choice."""
        return Objective(self.by.data)


class ProcessForm(FlaskForm):
    """Which kind of treatment to list; sent by GET."""

    class Meta:
        csrf = False

    treatment = ChoiceField(lazy_gettext("Treatment"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.treatment.choices = [("", gettext("any")), *process_choices()]
        self.treatment.data = self.treatment.data or ""


class TreatmentForm(SubmissionForm):
    """What a plant does with the material of others, where, how much, and for which price."""

    site_id = ChoiceField(lazy_gettext("Site"), validators=[Required()])
    treatment = ChoiceField(lazy_gettext("Treatment"), validators=[Required()])
    takes = ChoiceField(lazy_gettext("What you take in"), validators=[Required()])
    gives = ChoiceField(lazy_gettext("What it becomes"), validators=[Optional()])
    capacity_t = NumberField(
        lazy_gettext("Free capacity"), validators=[Required()], minimum="0.001", maximum="10000000"
    )
    yield_percent = NumberField(lazy_gettext("Yield"), validators=[Required()], minimum="0.01", maximum="100", places=2)
    price_cny_per_t = NumberField(
        lazy_gettext("Price per tonne"), validators=[Required()], minimum="-1000000", maximum="10000000", places=2
    )
    emission_kgco2e_per_t = NumberField(
        lazy_gettext("Emissions of the treatment"), validators=[Required()], minimum="0", maximum="100000", places=3
    )
    remark = LineField(lazy_gettext("Remark"), maximum=400)

    def __init__(self, *args: Any, sites: list[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.site_id.choices = [(str(site.id), site.name) for site in sites]
        self.treatment.choices = process_choices()
        families = [(f.slug, f.name(language())) for f in taxonomy().families.values()]
        materials = taxonomy().by_family(language())
        self.takes.choices = {gettext("Whole families"): families} | materials
        self.gives.choices = {gettext("Only prepared"): [("", gettext("the same material, prepared"))]} | materials
        if not self.is_submitted():
            self.yield_percent.data = Decimal(100)

    def validate_gives(self, field: Field) -> None:
        if field.data and field.data == self.takes.data:
            raise ValidationError(gettext("What comes out is what goes in: choose “the same material, prepared”."))

    def validate_treatment(self, field: Field) -> None:
        if not self.takes.data or self.takes.data not in {*taxonomy().families, *taxonomy().materials}:
            return
        if field.data in processes() and not opens_a_use(
            knowledge(), field.data, self.takes.data, self.gives.data or ""
        ):
            raise ValidationError(
                gettext(
                    "No documented use asks for this treatment of this material. Choose another, or what it becomes."
                )
            )

    def facts(self) -> TreatmentFacts:
        """The validated form as the service wants it."""
        return TreatmentFacts(
            site_id=int(self.site_id.data),
            process=self.treatment.data,
            takes=self.takes.data,
            gives=self.gives.data or "",
            capacity_t=self.capacity_t.data or Decimal(0),
            yield_fraction=(self.yield_percent.data or Decimal(0)) / 100,
            price_cny_per_t=self.price_cny_per_t.data if self.price_cny_per_t.data is not None else Decimal(0),
            emission_kgco2e_per_t=self.emission_kgco2e_per_t.data or Decimal(0),
            remark=self.remark.data or "",
        )


def process_choices() -> list[tuple[str, str]]:
    """Slug and name of each kind of treatment, for a select."""
    return [(p.slug, p.name(language())) for p in processes().values()]
