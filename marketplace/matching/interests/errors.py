"""What can be wrong with a saved interest."""

from flask_babel import gettext

from marketplace.errors import DomainError


class TooManyInterests(DomainError):
    """The enterprise waits for as much as one enterprise may."""

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(most)

    def sentence(self) -> str:
        return gettext("An enterprise keeps at most %(most)s interests. End one of them first.", most=self.most)


class SameInterest(DomainError):
    """The enterprise waits for just this already; `interest_id` is the one that does."""

    def __init__(self, interest_id: int) -> None:
        self.interest_id = interest_id
        super().__init__(interest_id)

    def sentence(self) -> str:
        return gettext("You have saved just this already. Change that interest if you want to hear of it differently.")
