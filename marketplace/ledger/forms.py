"""Forms of the ledger."""

from datetime import date
from typing import Any

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from sqlalchemy import ColumnElement
from wtforms import Field
from wtforms.validators import Optional, ValidationError

from marketplace.ledger.models import Dimension
from marketplace.ledger.queries import cell_filters
from marketplace.web.fields import ChoiceField, DayField, LineField, Required, SubmissionForm, TextField


class ReversalForm(SubmissionForm):
    """Why an entry is taken back; the reason stands in the ledger for ever."""

    reason = TextField(lazy_gettext("Reason"), validators=[Required()], maximum=500)


class EntryFilterForm(FlaskForm):
    """The cell of the totals whose entries are wanted; by GET, linked from every figure."""

    class Meta:
        csrf = False

    by = ChoiceField(lazy_gettext("By"), choices=[("", ""), *((d.value, d.value) for d in Dimension)])
    key = LineField(lazy_gettext("Which"), maximum=60)
    start = DayField(lazy_gettext("From"), validators=[Optional()])
    end = DayField(lazy_gettext("Until"), validators=[Optional()])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by.data = self.by.data or ""

    def validate_key(self, field: Field) -> None:
        needs_id = self.by.data in (Dimension.PARK, Dimension.ENTERPRISE)
        is_id = bool(field.data) and field.data.isascii() and field.data.isdigit() and len(field.data) < 10
        if needs_id and not is_id:
            raise ValidationError(lazy_gettext("Choose one of the list."))

    def filters(self) -> list[ColumnElement[bool]]:
        """The condition on entries."""
        dimension = Dimension(self.by.data) if self.by.data else None
        return cell_filters(dimension, self.key.data or "", _month(self.start.data), _month(self.end.data))


def _month(day: date | None) -> date | None:
    return day.replace(day=1) if day else None
