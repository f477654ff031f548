"""The one choice a party has."""

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import RadioField
from wtforms.validators import ValidationError

NAMED, PSEUDONYM = "named", "pseudonym"


class AppearanceForm(FlaskForm):
    """How an enterprise appears in certificates of an exchange."""

    appears = RadioField(
        lazy_gettext("How your enterprise appears"),
        choices=[(PSEUDONYM, lazy_gettext("By pseudonym")), (NAMED, lazy_gettext("By name"))],
        validate_choice=False,
    )

    def validate_appears(self, field: RadioField) -> None:
        if field.data not in (NAMED, PSEUDONYM):
            raise ValidationError(lazy_gettext("Choose one of the list."))
