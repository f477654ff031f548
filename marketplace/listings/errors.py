"""What can be wrong with a listing, as facts."""

from decimal import Decimal

from flask_babel import gettext

from marketplace.errors import DomainError
from marketplace.materials.units import NoConversion


class NotEnoughLeft(DomainError):
    """Somebody else holds what was asked for."""

    def __init__(self, free_t: Decimal) -> None:
        self.free_t = free_t
        super().__init__(free_t)

    def sentence(self) -> str:
        from marketplace.web.formats import tonnes

        return gettext("Only %(free)s are left.", free=tonnes(self.free_t))


class StaleListing(DomainError):
    """The listing changed since the form was opened."""

    def sentence(self) -> str:
        return gettext("Somebody changed this listing while you were editing. Compare, then save again.")


class WrongState(DomainError):
    """The listing's state does not allow this."""

    def sentence(self) -> str:
        return gettext("The state of this listing does not allow that any more.")


class NotApproved(DomainError):
    status = 403

    def sentence(self) -> str:
        return gettext("A district officer has not approved your enterprise yet. Your draft is kept.")


class BelowReserved(DomainError):
    def __init__(self, reserved_t: Decimal) -> None:
        self.reserved_t = reserved_t
        super().__init__(reserved_t)

    def sentence(self) -> str:
        from marketplace.web.formats import tonnes

        return gettext("%(reserved)s are already agreed; list at least that much.", reserved=tonnes(self.reserved_t))


def conversion_sentence(wrong: NoConversion) -> str:
    """What to do when the unit has no tonnes for a material."""
    if wrong.missing == "density":
        return gettext("We know no density of this material. Give the quantity in tonnes or kilograms.")
    return gettext("We know no usual weight of a piece or bale of this material. Give tonnes or kilograms.")
