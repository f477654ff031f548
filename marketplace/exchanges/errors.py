"""What can go wrong with an exchange, as facts."""

from datetime import date

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


class PeriodSettled(DomainError):
    """Deliveries of a period that counts in the ledger do not change any more."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)

    def sentence(self) -> str:
        return gettext(
            "The period %(period)s is closed and in the ledger. If it is wrong, a district officer reverses its entry; "
            "then it can be corrected.",
            period=self.code,
        )


class OutsidePeriods(DomainError):
    """A recurring exchange takes deliveries from its first period to its last."""

    def __init__(self, first: date, last: date) -> None:
        self.first, self.last = first, last
        super().__init__(first, last)

    def sentence(self) -> str:
        return gettext(
            "This exchange was agreed for deliveries from %(first)s to %(last)s.",
            first=self.first.isoformat(),
            last=self.last.isoformat(),
        )


class PeriodChanged(DomainError):
    """Another period is due than the one that was confirmed."""

    def sentence(self) -> str:
        return gettext("Another period is due to be closed now. Look at its figure, then confirm.")


class ReviewPending(DomainError):
    """A figure of the exchange waits for an officer, who must see what it was confirmed with."""

    def sentence(self) -> str:
        return gettext("Another figure of this exchange waits for a review. Decide about that one first.")


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
