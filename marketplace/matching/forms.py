"""The form that puts a suggestion aside."""

from typing import Any

from flask_babel import lazy_gettext

from marketplace.matching.models import DismissalReason
from marketplace.web.fields import ChoiceField, Required, SubmissionForm
from marketplace.web.labels import choices


class DismissalForm(SubmissionForm):
    """Why this suggestion is not for us."""

    reason = ChoiceField(lazy_gettext("Why it is not for you"), validators=[Required()])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reason.choices = choices(DismissalReason)
