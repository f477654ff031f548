"""What can go wrong with a site's own factor, as facts."""

from flask_babel import gettext

from marketplace.errors import DomainError


class AlreadyDecided(DomainError):
    def sentence(self) -> str:
        return gettext("This proposal is decided or withdrawn already; propose the factor anew instead.")
