"""What can be wrong with an account, as facts."""

from flask_babel import gettext

from marketplace.errors import DomainError


class UsccTaken(DomainError):
    def sentence(self) -> str:
        return gettext("This enterprise is already registered. Ask its owner to invite you.")


class AlreadyDecided(DomainError):
    def sentence(self) -> str:
        return gettext("Another officer has already decided about this enterprise.")


class LinkExpired(DomainError):
    status = 410

    def sentence(self) -> str:
        return gettext("This link is no longer valid. Ask for a new one.")


class LastOwner(DomainError):
    def sentence(self) -> str:
        return gettext("An enterprise needs at least one owner. Make somebody else owner first.")


class AlreadyMember(DomainError):
    def sentence(self) -> str:
        return gettext("This person already acts for an enterprise.")


class SiteInUse(DomainError):
    def sentence(self) -> str:
        return gettext("Listings or exchanges refer to this site, so it cannot be removed.")
