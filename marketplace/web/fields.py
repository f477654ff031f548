"""Form fields that refuse what WTForms lets through: NaN, full-width digits, NUL, dates in 1800."""

import re
import unicodedata
import uuid
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from wtforms import DateField, Field, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, ValidationError
from wtforms.widgets import TextInput

_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,9})?")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 12, 31)


class Required(InputRequired):
    """Something must be given; blanks do not count."""

    def __init__(self, message: Any = None) -> None:
        super().__init__(message or lazy_gettext("Fill this in."))

    def __call__(self, form: Any, field: Field) -> None:
        super().__call__(form, field)
        if isinstance(field.data, str) and not field.data.strip():
            field.errors = [str(self.message)]
            raise ValidationError(str(self.message))


class NumberField(Field):
    """A plain decimal number such as 1250.5, kept as typed when it is wrong.

    Args:
        minimum, maximum: inclusive bounds.
        places: decimal places allowed.
    """

    widget = TextInput()

    def __init__(
        self,
        label: Any = None,
        validators: Any = None,
        minimum: str = "0",
        maximum: str = "1000000000",
        places: int = 3,
        **kwargs: Any,
    ) -> None:
        super().__init__(label, validators, **kwargs)
        self.minimum, self.maximum, self.places = Decimal(minimum), Decimal(maximum), places

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return format(self.data.normalize(), "f") if isinstance(self.data, Decimal) else ""

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = None
        text = str(valuelist[0]).strip() if valuelist else ""
        if not text:
            return
        number = text.replace(",", "") if re.fullmatch(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?", text) else text
        if not _NUMBER.fullmatch(number):
            if any(unicodedata.east_asian_width(c) == "F" for c in text):
                raise ValueError(gettext("Use half-width digits, for example 1250.5."))
            raise ValueError(gettext("Write a number such as 1250.5."))
        try:
            value = Decimal(number)
        except InvalidOperation as wrong:  # pragma: no cover - the pattern lets only numbers through
            raise ValueError(gettext("Write a number such as 1250.5.")) from wrong
        if value != round(value, self.places):
            raise ValueError(gettext("At most %(places)s decimal places.", places=self.places))
        if not self.minimum <= value <= self.maximum:
            raise ValueError(
                gettext("Between %(low)s and %(high)s.", low=f"{self.minimum:f}", high=f"{self.maximum:f}")
            )
        self.data = value


class DayField(DateField):
    """A calendar day between 2000 and 2100."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = None
        text = str(valuelist[0]).strip() if valuelist else ""
        if not text:
            return
        try:
            if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
                raise ValueError(text)
            day = date.fromisoformat(text)
        except ValueError as wrong:
            raise ValueError(gettext("Write a date such as 2026-11-30.")) from wrong
        if not EARLIEST <= day <= LATEST:
            raise ValueError(gettext("A date between 2000 and 2100."))
        self.data = day


def _clean(text: str | None) -> str:
    return unicodedata.normalize("NFC", (text or "").strip())


class _Clean:
    """Text limits shared by one-line and many-line fields."""

    def __call__(self, form: Any, field: Field) -> None:
        if _CONTROL.search(field.data or ""):
            raise ValidationError(gettext("This text contains control characters; type it anew."))


class LineField(StringField):
    """One line of text: trimmed, NFC, no control characters, at most `maximum` characters."""

    def __init__(self, label: Any = None, validators: Any = (), maximum: int = 160, **kwargs: Any) -> None:
        length = Length(max=maximum, message=gettext_length(maximum))
        super().__init__(label, [*validators, length, _Clean()], filters=[_clean], **kwargs)


class TextField(TextAreaField):
    """Several lines of text: trimmed, NFC, no control characters, at most `maximum` characters."""

    def __init__(self, label: Any = None, validators: Any = (), maximum: int = 4000, **kwargs: Any) -> None:
        length = Length(max=maximum, message=gettext_length(maximum))
        super().__init__(label, [*validators, length, _Clean()], filters=[_clean], **kwargs)


def gettext_length(maximum: int) -> Any:
    return lazy_gettext("At most %(maximum)s characters.", maximum=maximum)


class ChoiceField(SelectField):
    """A choice whose complaint is a sentence."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("validate_choice", True)
        super().__init__(*args, **kwargs)

    def pre_validate(self, form: Any) -> None:
        try:
            super().pre_validate(form)
        except ValidationError as wrong:
            raise ValidationError(gettext("Choose one of the list.")) from wrong


class SubmissionForm(FlaskForm):
    """A form that is sent once: the hidden key makes the second sending change nothing."""

    submission = HiddenField(default=lambda: str(uuid.uuid4()))

    def validate_submission(self, field: HiddenField) -> None:
        try:
            field.data = str(uuid.UUID(field.data or ""))
        except ValueError as wrong:
            field.data = str(uuid.uuid4())
            raise ValidationError(gettext("This form is too old; please send it again.")) from wrong
