"""Forms of a site's own factor."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from werkzeug.datastructures import FileStorage
from wtforms import Field
from wtforms.validators import ValidationError

from marketplace.accounts.models import Site
from marketplace.calendar import today
from marketplace.carbon.library import LibraryFactor, library
from marketplace.carbon.units import NoConversion, converted
from marketplace.ledger.factor_queries import uses
from marketplace.ledger.factor_words import factor_kind, factor_name
from marketplace.measured.models import MeasuredState
from marketplace.measured.service import Proposal
from marketplace.web.fields import ChoiceField, LineField, NumberField, Required, SubmissionForm, TextField
from marketplace.web.formats import factor_unit
from marketplace.web.labels import choices
from marketplace.web.language import language

EARLIEST_YEAR = 2000
WIDEST_GSD = 10
PLACES = Decimal("0.000000001")  # what the published table keeps


class ProposalForm(SubmissionForm):
    """A measurement for one site, in place of one factor of the library."""

    site_id = ChoiceField(lazy_gettext("Site"), validators=[Required()])
    factor_key = ChoiceField(lazy_gettext("In place of"), validators=[Required()])
    value = NumberField(lazy_gettext("Measured value"), validators=[Required()], minimum="-1000000000", places=9)
    unit = LineField(lazy_gettext("Unit"), validators=[Required()], maximum=30)
    gsd = NumberField(
        lazy_gettext("Spread (geometric standard deviation)"), validators=[Required()], minimum="-1000000000", places=4
    )
    year = NumberField(lazy_gettext("Year of the measurement"), validators=[Required()], maximum="9999", places=0)
    method = TextField(lazy_gettext("How it was measured"), validators=[Required()], maximum=4000)
    evidence = FileField(lazy_gettext("Evidence (PDF or picture)"))

    def __init__(self, *args: Any, sites: Iterable[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.site_id.choices = [(str(site.id), site.name) for site in sites]
        self.factor_key.choices = _keys_by_kind()

    def validate_value(self, field: Field) -> None:
        if field.data is not None and field.data <= 0:
            raise ValidationError(gettext("A measured factor is greater than zero."))

    def validate_unit(self, field: Field) -> None:
        factor, value = library().get(self.factor_key.data), self.value.data
        if factor is None:
            return  # the choice itself is wrong, and says so
        try:
            in_library_unit = converted(value or Decimal(1), field.data, factor.unit)
        except NoConversion as refused:
            raise ValidationError(
                gettext(
                    "There is no conversion from “%(unit)s” to %(wanted)s, in which this factor is used.",
                    unit=refused.unit,
                    wanted=factor_unit(refused.wanted),
                )
            ) from refused
        if value and in_library_unit != in_library_unit.quantize(PLACES):
            raise ValidationError(
                gettext("In %(wanted)s this has more than nine decimal places.", wanted=factor_unit(factor.unit))
            )

    def validate_gsd(self, field: Field) -> None:
        if field.data is not None and not 1 <= field.data <= WIDEST_GSD:
            raise ValidationError(
                gettext("A geometric standard deviation lies between 1 (exact) and %(widest)s.", widest=WIDEST_GSD)
            )

    def validate_year(self, field: Field) -> None:
        if field.data is not None and not EARLIEST_YEAR <= field.data <= today().year:
            raise ValidationError(gettext("A year from %(first)s to %(last)s.", first=EARLIEST_YEAR, last=today().year))

    def validate_evidence(self, field: Field) -> None:
        if not isinstance(field.data, FileStorage) or not field.data.filename:
            raise ValidationError(gettext("Add the report or certificate of the measurement."))

    def proposal(self) -> Proposal:
        """The validated form as the service wants it."""
        key, value = self.factor_key.data, self.value.data or Decimal(0)
        return Proposal(
            factor_key=key,
            value=converted(value, self.unit.data or "", library()[key].unit),
            typed_value=f"{value:f}",
            typed_unit=self.unit.data or "",
            gsd=self.gsd.data or Decimal(1),
            year=int(self.year.data or 0),
            method=self.method.data or "",
        )


class DecideForm(SubmissionForm):
    """An officer's decision about a measurement; the reason is read by the enterprise and kept."""

    decision = ChoiceField(lazy_gettext("Decision"), validators=[Required()])
    reason = TextField(lazy_gettext("Reason"), validators=[Required()], maximum=1000)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.decision.choices = [
            ("", "—"),  # nothing is decided by leaving the list alone
            (MeasuredState.APPROVED.value, lazy_gettext("Approve")),
            (MeasuredState.REJECTED.value, lazy_gettext("Reject")),
        ]


class StateFilterForm(FlaskForm):
    class Meta:
        csrf = False

    state = ChoiceField(lazy_gettext("State"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.state.choices = [("", lazy_gettext("any")), *choices(MeasuredState)]
        self.state.data = self.state.data or ""


def _keys_by_kind() -> dict[str, list[tuple[str, str]]]:
    """The factors that figures use, by kind: only those can a measurement take the place of."""
    groups: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for key in uses():
        factor = library()[key]
        groups[factor_kind(factor.kind)].append((key, _named(factor)))
    return {"": [("", "—")], **{kind: sorted(groups[kind], key=lambda choice: choice[1]) for kind in sorted(groups)}}


def _named(factor: LibraryFactor) -> str:
    name = factor_name(factor.name_en, factor.name_zh, language())
    return f"{name} ({factor.value.normalize():f} {factor_unit(factor.unit)})"
