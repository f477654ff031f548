"""Forms of the district's pages."""

from datetime import date
from typing import Any

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import Field
from wtforms.validators import Optional, ValidationError

from marketplace.accounts.models import EnterpriseState
from marketplace.district.queries import Period
from marketplace.web.fields import ChoiceField, DayField, Required, SubmissionForm, TextField
from marketplace.web.labels import choices


class PeriodForm(FlaskForm):
    """Months, by GET; a day stands for its month."""

    class Meta:
        csrf = False

    start = DayField(lazy_gettext("From"), validators=[Optional()])
    end = DayField(lazy_gettext("Until"), validators=[Optional()])

    def validate_end(self, field: Field) -> None:
        if field.data and self.start.data and field.data < self.start.data:
            raise ValidationError(lazy_gettext("The end lies before the start."))

    def period(self) -> Period:
        return Period(_month(self.start.data), _month(self.end.data))


class EnterpriseFilterForm(FlaskForm):
    class Meta:
        csrf = False

    state = ChoiceField(lazy_gettext("State"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.state.choices = [("", lazy_gettext("any")), *choices(EnterpriseState)]
        self.state.data = self.state.data or ""


class DecisionForm(SubmissionForm):
    """An officer's decision; a refusal needs its reason."""

    decision = ChoiceField(lazy_gettext("Decision"), validators=[Required()])
    reason = TextField(lazy_gettext("Reason"), maximum=1000)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.decision.choices = [
            (EnterpriseState.APPROVED.value, lazy_gettext("Approve")),
            (EnterpriseState.REJECTED.value, lazy_gettext("Reject")),
            (EnterpriseState.SUSPENDED.value, lazy_gettext("Suspend")),
        ]

    def validate_reason(self, field: Field) -> None:
        if self.decision.data != EnterpriseState.APPROVED and not field.data:
            raise ValidationError(lazy_gettext("Say why; the enterprise will read it."))


def _month(day: date | None) -> date | None:
    return day.replace(day=1) if day else None
