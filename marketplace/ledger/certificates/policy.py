"""Who may ask for a certificate, and choose how they appear: owners and traders of the two parties."""

from marketplace.accounts.policy import Permission, Viewer, rule
from marketplace.ledger.models import LedgerEntry


@rule(LedgerEntry, Permission.TAKE_PART)
def _parties(who: Viewer, entry: LedgerEntry) -> bool:
    return who.is_trader and who.is_approved and who.enterprise_id in (entry.supplier_id, entry.receiver_id)
