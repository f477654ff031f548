"""Forms of accounts."""

from decimal import Decimal
from typing import Any

from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, Field, PasswordField
from wtforms.validators import Email, EqualTo, Length, Optional, ValidationError

from marketplace.accounts import passwords, uscc
from marketplace.accounts.models import Industry, Role
from marketplace.places import CoordinateSystem
from marketplace.web.fields import ChoiceField, DayField, LineField, NumberField, Required, TextField
from marketplace.web.labels import industry_choices, label

USCC_FAULTS = {
    uscc.Fault.LENGTH: lazy_gettext("A credit code has 18 characters."),
    uscc.Fault.ALPHABET: lazy_gettext("A credit code has digits and capitals without I, O, S, V and Z."),
    uscc.Fault.AUTHORITY: lazy_gettext("The first character names no registration authority."),
    uscc.Fault.REGION: lazy_gettext("Characters 3 to 8 name no region of China."),
    uscc.Fault.ORGANISATION: lazy_gettext("The organisation code inside (characters 9 to 17) has a wrong check digit."),
    uscc.Fault.CHECK: lazy_gettext("The last character does not fit the others; check for a typing error."),
}


def _email(**kwargs: Any) -> EmailField:
    return EmailField(
        lazy_gettext("E-mail address"),
        validators=[
            Required(),
            Length(max=254, message=lazy_gettext("At most 254 characters.")),
            Email(message=lazy_gettext("Write an address such as name@example.com.")),
        ],
        filters=[lambda text: (text or "").strip()],
        **kwargs,
    )


def check_password(form: FlaskForm, field: Field) -> None:
    """Length and a list of common passwords; no rules about symbols."""
    text = field.data or ""
    if len(text) < passwords.MINIMUM_LENGTH:
        raise ValidationError(gettext("At least %(minimum)s characters.", minimum=passwords.MINIMUM_LENGTH))
    if len(text) > passwords.MAXIMUM_LENGTH:
        raise ValidationError(gettext("At most %(maximum)s characters.", maximum=passwords.MAXIMUM_LENGTH))
    if passwords.is_common(text):
        raise ValidationError(gettext("Many people use this password. Choose another, such as three unrelated words."))


class SignInForm(FlaskForm):
    email = _email()
    password = PasswordField(lazy_gettext("Password"), validators=[Required(), Length(max=passwords.MAXIMUM_LENGTH)])


class SignUpForm(FlaskForm):
    uscc = LineField(lazy_gettext("Unified social credit code"), validators=[Required()], maximum=40)
    enterprise_name_zh = LineField(lazy_gettext("Enterprise name in Chinese"), maximum=160)
    enterprise_name_en = LineField(lazy_gettext("Enterprise name in English"), maximum=160)
    industry = ChoiceField(lazy_gettext("Industry"), validators=[Required()])
    name = LineField(lazy_gettext("Your name"), validators=[Required()], maximum=80)
    email = _email()
    password = PasswordField(lazy_gettext("Password"), validators=[Required(), check_password])
    consent = BooleanField(
        lazy_gettext("I have read how personal data are used and agree."),
        validators=[Required(lazy_gettext("Without your consent we may not keep your data."))],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.industry.choices = industry_choices()
        self.parsed_uscc = ""

    def validate_uscc(self, field: Field) -> None:
        try:
            self.parsed_uscc = uscc.parse(field.data or "")
        except uscc.InvalidUscc as wrong:
            raise ValidationError(USCC_FAULTS[wrong.fault]) from wrong

    def validate_enterprise_name_zh(self, field: Field) -> None:
        if not field.data and not self.enterprise_name_en.data:
            raise ValidationError(gettext("Give the name in at least one language."))

    @property
    def chosen_industry(self) -> Industry:
        return Industry(self.industry.data)


class ForgotPasswordForm(FlaskForm):
    email = _email()


class NewPasswordForm(FlaskForm):
    password = PasswordField(lazy_gettext("New password"), validators=[Required(), check_password])
    again = PasswordField(
        lazy_gettext("New password again"),
        validators=[Required(), EqualTo("password", lazy_gettext("The two passwords differ."))],
    )


class AcceptInvitationForm(FlaskForm):
    name = LineField(lazy_gettext("Your name"), validators=[Required()], maximum=80)
    password = PasswordField(lazy_gettext("Password"), validators=[Required(), check_password])
    consent = BooleanField(
        lazy_gettext("I have read how personal data are used and agree."),
        validators=[Required(lazy_gettext("Without your consent we may not keep your data."))],
    )


class ProfileForm(FlaskForm):
    name = LineField(lazy_gettext("Your name"), validators=[Required()], maximum=80)
    language = ChoiceField(lazy_gettext("Language of mails"), choices=[("en", "English"), ("zh", "简体中文")])
    wants_digest = BooleanField(lazy_gettext("Send me one digest a day of new listings that may suit us"))


class InviteForm(FlaskForm):
    email = _email()
    role = ChoiceField(lazy_gettext("Role"), validators=[Required()])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.role.choices = [(r.value, label(r)) for r in (Role.TRADER, Role.VIEWER, Role.OWNER)]


class RoleForm(FlaskForm):
    role = ChoiceField(lazy_gettext("Role"), validators=[Required()])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.role.choices = [(r.value, label(r)) for r in (Role.OWNER, Role.TRADER, Role.VIEWER)]


class SiteForm(FlaskForm):
    name = LineField(lazy_gettext("Name of the site"), validators=[Required()], maximum=120)
    address = LineField(lazy_gettext("Address"), validators=[Optional()], maximum=200)
    park_id = ChoiceField(lazy_gettext("Park"), validators=[Required()], coerce=str)
    lat = NumberField(lazy_gettext("Latitude"), validators=[Required()], minimum="-90", maximum="90", places=6)
    lon = NumberField(lazy_gettext("Longitude"), validators=[Required()], minimum="-180", maximum="180", places=6)
    system = ChoiceField(lazy_gettext("Coordinates are"), validators=[Required()])

    def __init__(self, *args: Any, parks: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.park_id.choices = parks
        self.system.choices = [
            (CoordinateSystem.WGS84.value, gettext("WGS-84 (GPS)")),
            (CoordinateSystem.GCJ02.value, gettext("GCJ-02 (Chinese maps)")),
        ]


class LicenceForm(FlaskForm):
    number = LineField(lazy_gettext("Licence number"), validators=[Required()], maximum=60)
    hw_code = LineField(lazy_gettext("Category (HW01 to HW50)"), validators=[Required()], maximum=4)
    yearly_quantity_t = NumberField(
        lazy_gettext("Quantity per year"), validators=[Required()], minimum="0.001", maximum="10000000"
    )
    valid_until = DayField(lazy_gettext("Valid until"), validators=[Required()])

    def validate_hw_code(self, field: Field) -> None:
        field.data = (field.data or "").upper()
        if field.data not in {f"HW{n:02d}" for n in range(1, 51)}:
            raise ValidationError(gettext("Write a category such as HW06."))

    @property
    def quantity(self) -> Decimal:
        assert self.yearly_quantity_t.data is not None  # validated
        return self.yearly_quantity_t.data


class EnterpriseForm(FlaskForm):
    name_zh = LineField(lazy_gettext("Enterprise name in Chinese"), maximum=160)
    name_en = LineField(lazy_gettext("Enterprise name in English"), maximum=160)
    about = TextField(lazy_gettext("About the enterprise"), maximum=2000)
    is_learned_from = BooleanField(lazy_gettext("Let suggestions learn from what we do with them"))

    def validate_name_zh(self, field: Field) -> None:
        if not field.data and not self.name_en.data:
            raise ValidationError(gettext("Give the name in at least one language."))
