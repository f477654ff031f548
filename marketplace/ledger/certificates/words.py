"""The words on a certificate. Lazy: the page carries both languages at once."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _

from marketplace.exchanges.models import Side
from marketplace.knowledge import knowledge
from marketplace.materials.taxonomy import taxonomy
from marketplace.web.formats import number, percent

MATERIAL = _("Material")
ACCEPTED = _("Accepted quantity")
USE = _("Use")
RECORDED = _("Recorded on")
PERIOD = _("Period, first and last day")
METHOD = _("Method")
CLAIMED = _("May be claimed")
BASELINE = _("Without it: disposal (baseline)")
REPLACED = _("Without it: product replaced")
NO_DISPOSAL = _("none: it was sold as a product before")
NOTHING_REPLACED = _("nothing")
SIDES = {Side.SUPPLIER: _("Supplier"), Side.RECEIVER: _("Receiver")}

PAGE = {
    "house": _("Green Corridor Exchange"),
    "title": _("Certificate of avoided emissions"),
    "interval": _("Interval (95 %)"),
    "scan": _("Scan to see whether it still stands"),
    "components": _("How the figure comes about, kg CO₂e"),
    "ledger": _("Place in the ledger"),
    "entry": _("Entry"),
    "leaf": _("Leaf hash"),
    "checkpoint": _("Checkpoint"),
    "entries": _("entries"),
    "root": _("Root hash"),
    "key": _("Key of the ledger"),
    "attached": _(
        "Attached to this PDF: entry, proof, checkpoint and credential. verify_certificate.py checks them without a "
        "network."
    ),
    "caution": _(
        "A comparison with what would have happened otherwise (ISO 14064-2, ISO 14067 / GB/T 24067, ISO 14083). It is "
        "not an offset and is not deducted from any inventory."
    ),
    "reversed": _("Reversed: this figure was taken back and counts for nothing."),
}


def claimed(shares: Mapping[str, str], portions: Mapping[str, str]) -> Any:
    """Who may claim how much of the figure, in kg CO2e, and which part of the whole that is (METHOD §6)."""
    supplier, receiver = (
        f"{number(Decimal(shares[party]), 3)} kg CO₂e ({percent(Decimal(portions[party]), 2)})"
        for party in ("supplier", "user")
    )
    return _("supplier %(supplier)s, receiver %(receiver)s", supplier=supplier, receiver=receiver)


def period(said: Mapping[str, str]) -> str:
    """A settled period from its first day to its last."""
    last = date.fromisoformat(said["to"]) - timedelta(days=1)
    return f"{said['from']} – {last.isoformat()}"


def material(slug: str) -> tuple[str, str]:
    """A material in both languages."""
    found = taxonomy().materials.get(slug)
    return (found.name("en"), found.name("zh")) if found else (slug, slug)


def use(slug: str) -> tuple[str, str]:
    """A use in both languages."""
    found = knowledge().uses.get(slug)
    return (found.name("en"), found.name("zh")) if found else (slug or "—",) * 2
