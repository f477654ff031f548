"""What can go wrong with the ledger, as facts."""

from decimal import Decimal

from flask_babel import gettext

from marketplace.carbon.library import LibraryFactor
from marketplace.errors import DomainError


class AlreadyReversed(DomainError):
    def sentence(self) -> str:
        return gettext("This entry is already reversed.")


class ReversalOfReversal(DomainError):
    def sentence(self) -> str:
        return gettext("A reversal cannot be reversed; complete the exchange anew instead.")


class FactorNotPublished(DomainError):
    """A figure needs a factor that no published version exists of."""

    def __init__(self, factor_id: str) -> None:
        self.factor_id = factor_id
        super().__init__(factor_id)

    def sentence(self) -> str:
        return gettext(
            "The emission factor %(factor)s is not published; ask a district officer.", factor=self.factor_id
        )


class FactorMissing(FactorNotPublished):
    """Nothing in the order of METHOD §7 gives a factor; the nearest is named with its spread, but never taken."""

    def __init__(self, factor_id: str, nearest: LibraryFactor | None, gsd: Decimal | None) -> None:
        super().__init__(factor_id)
        self.nearest, self.gsd = nearest, gsd

    def sentence(self) -> str:
        if self.nearest is None or self.gsd is None:
            return gettext(
                "There is no emission factor for %(factor)s, and none that is alike; ask a district officer.",
                factor=self.factor_id,
            )
        return gettext(
            "There is no emission factor for %(factor)s. The nearest is %(nearest)s (%(value)s %(unit)s, %(region)s "
            "%(year)s, spread %(gsd)s); it is not used unless a district officer decides so.",
            factor=self.factor_id,
            nearest=self.nearest.id,
            value=f"{self.nearest.value:f}",
            unit=self.nearest.unit,
            region=self.nearest.region,
            year=self.nearest.year,
            gsd=f"{self.gsd:f}",
        )


class HeadNotOurs(DomainError):
    """The newest checkpoint is not signed by a key of this ledger, or says another tree than the head."""

    status = 503

    def sentence(self) -> str:
        return gettext(
            "The ledger was changed by somebody else, so nothing is added to it. The operator must verify it first."
        )


class ConfirmationNotLogged(DomainError):
    """A confirmation in the database is not the one of its number in the log of confirmations."""

    status = 409

    def sentence(self) -> str:
        return gettext("A confirmation of this exchange was not given by its party here; a district officer must look.")


class EntryTooLong(DomainError):
    """An entry that no bundle of the public log could hold (C2SP tlog-tiles gives its length two bytes)."""

    def __init__(self, length: int, most: int) -> None:
        self.length, self.most = length, most
        super().__init__(length)

    def sentence(self) -> str:
        return gettext(
            "The ledger entry would be %(length)s bytes long, the ledger takes %(most)s: too many deliveries for one "
            "exchange. Agree the rest as another exchange.",
            length=self.length,
            most=self.most,
        )
