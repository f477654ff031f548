"""Why there is no certificate."""

from flask_babel import gettext

from marketplace.errors import DomainError


class NothingToCertify(DomainError):
    """The entry is a reversal, or it was reversed."""

    def sentence(self) -> str:
        return gettext("This entry does not stand: there is nothing to certify.")
