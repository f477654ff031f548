"""What can go wrong with the ledger, as facts."""

from flask_babel import gettext

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
