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
