"""Which hazardous-waste licences count, as conditions on `Licence`: one rule for matching, suggesting and agreeing."""

from sqlalchemy import ColumnElement

from marketplace.accounts.models import Licence
from marketplace.calendar import today


def is_valid() -> ColumnElement[bool]:
    """Verified by an officer, and not over today."""
    return Licence.verified_at.is_not(None) & (Licence.valid_until >= today())


def covers(hw_code: str) -> ColumnElement[bool]:
    """Valid, and of a category; of any where none is named."""
    return is_valid() & (Licence.hw_code == hw_code) if hw_code else is_valid()
