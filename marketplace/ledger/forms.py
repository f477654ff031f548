"""Forms of the ledger."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from sqlalchemy import ColumnElement
from wtforms import Field
from wtforms.validators import Optional, ValidationError

from marketplace.ledger.factor_queries import FactorLine
from marketplace.ledger.factor_words import factor_kind, region_name
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


class FactorFilterForm(FlaskForm):
    """Which factors are listed; by GET, so that a selection has an address."""

    class Meta:
        csrf = False

    q = LineField(lazy_gettext("Name or source"), maximum=80)
    kind = ChoiceField(lazy_gettext("Kind"))
    region = ChoiceField(lazy_gettext("Region"))
    standing = ChoiceField(lazy_gettext("Standing"))

    def __init__(self, *args: Any, lines: Sequence[FactorLine], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        everything = ("", lazy_gettext("all"))
        kinds, regions = ({getattr(line.row, name) for line in lines} for name in ("kind", "region"))
        self.kind.choices = [everything, *((k, factor_kind(k)) for k in sorted(kinds))]
        self.region.choices = [everything, *sorted(((r, region_name(r)) for r in regions), key=lambda c: c[1])]
        self.standing.choices = [
            everything,
            ("used", lazy_gettext("used in figures")),
            ("published", lazy_gettext("from a published source")),
            ("estimate", lazy_gettext("estimate")),
            ("unreviewed", lazy_gettext("not yet reviewed")),
        ]
        for field in (self.kind, self.region, self.standing):
            field.data = field.data or ""

    def lets_through(self, line: FactorLine) -> bool:
        """Whether a factor passes all that was chosen."""
        row, words = line.row, (self.q.data or "").casefold().split()
        text = " ".join((row.factor_id, row.name_en, row.name_zh, row.source, row.source_detail)).casefold()
        standing = {
            "": True,
            "used": line.used_in.count > 0,
            "published": line.is_published,
            "estimate": line.is_estimate,
            "unreviewed": not line.is_reviewed,
        }
        return (
            all(word in text for word in words)
            and self.kind.data in ("", row.kind)
            and self.region.data in ("", row.region)
            and standing[self.standing.data]
        )
