"""What can go wrong with an exchange, as facts."""

from flask_babel import gettext

from marketplace.errors import DomainError


class NotPossibleNow(DomainError):
    """The exchange moved on, or the other side must act."""

    def sentence(self) -> str:
        return gettext("This step is no longer possible; the exchange has moved on. Look at its present state.")


class StaleRevision(DomainError):
    """Other terms were proposed in the meantime."""

    def sentence(self) -> str:
        return gettext("The other side proposed new terms in the meantime. Read them before you answer.")


class AlreadyRequested(DomainError):
    """The enterprise has an exchange under way about this listing."""

    def __init__(self, exchange_id: int) -> None:
        self.exchange_id = exchange_id
        super().__init__(exchange_id)

    def sentence(self) -> str:
        return gettext("Your enterprise already has an exchange under way about this listing.")


class OwnListing(DomainError):
    def sentence(self) -> str:
        return gettext("This is your own listing.")


class ListingNotOpen(DomainError):
    def sentence(self) -> str:
        return gettext("This listing is no longer open.")


class LicenceMissing(DomainError):
    """The receiver may not take hazardous waste of this category (危险废物经营许可证管理办法)."""

    def __init__(self, hw_code: str) -> None:
        self.hw_code = hw_code
        super().__init__(hw_code)

    def sentence(self) -> str:
        return gettext(
            "This is hazardous waste. The receiver needs a verified, valid licence for %(code)s.",
            code=self.hw_code or "HW",
        )


class TicketUsed(DomainError):
    def sentence(self) -> str:
        return gettext("This weighbridge ticket is already recorded for this site and day.")


class UnknownUse(DomainError):
    def sentence(self) -> str:
        return gettext("Choose a use that is documented for this material, or none.")


class AlreadyReviewed(DomainError):
    def sentence(self) -> str:
        return gettext("Somebody has decided about this figure already.")


class FigureChanged(DomainError):
    """A factor has a new version since the officer opened the page."""

    def sentence(self) -> str:
        return gettext("The figure has changed since you opened this page. Look at it again, then decide.")
