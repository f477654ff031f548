"""The seal under each side's confirmation: who, when, and which terms, signed at that moment by a key outside the
database. Who can write to the database alone cannot make a party confirm.
"""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from marketplace.calendar import stamp
from marketplace.exchanges.models import EVEN_PERCENT, Confirmation, Exchange, Recurrence, Side, TermsRevision
from marketplace.ledger.canonical import canonical_bytes
from marketplace.ledger.keys import signing_key
from marketplace.ledger.notes import VerifierKey

FORMAT = "gcx-confirmation/1"
SEAL_FIELDS = ("key", "signature")


def seal(confirmation: Confirmation, exchange: Exchange) -> None:
    """Sign a confirmation as it is given.

    Raises:
        NoSigningKey: there is no usable key.
    """
    key = signing_key()
    confirmation.terms_sha256 = terms_digest(exchange.current_terms)
    signature = key.sign_bytes(sealed_bytes(_said(confirmation, exchange), exchange.uuid, str(exchange.round)))
    confirmation.vkey, confirmation.signature = key.verifier.encoded, base64.b64encode(signature).decode()


def recorded(confirmation: Confirmation, exchange: Exchange) -> dict[str, str | None]:
    """The confirmation as an entry holds it; without a seal when it is older than seals."""
    return {
        **_said(confirmation, exchange),
        "key": confirmation.vkey or None,
        "signature": confirmation.signature or None,
    }


def broken_seal(body: Mapping[str, Any], keys: Mapping[str, VerifierKey]) -> str | None:
    """The side whose confirmation in an entry does not fit its seal, or whose seal is of none of the keys (by vkey)."""
    for confirmation in body.get("confirmations", ()):
        if confirmation.get("signature") is None:
            continue
        said = {name: text for name, text in confirmation.items() if name not in SEAL_FIELDS}
        key = keys.get(confirmation["key"])
        if key is None or not _fits(
            key, confirmation["signature"], sealed_bytes(said, body["exchange"], body["round"])
        ):
            return str(confirmation["side"])
    return None


def other_period(body: Mapping[str, Any]) -> str | None:
    """The side that confirmed another period than the one the entry counts."""
    period = body["inputs"].get("period") or {}
    for confirmation in body.get("confirmations", ()):
        if {name: confirmation[name] for name in ("from", "to") if name in confirmation} != period:
            return str(confirmation["side"])
    return None


def terms_digest(terms: TermsRevision) -> str:
    """SHA-256 over a revision of the terms in canonical form, with the note: what exactly was agreed.

    What was added to the terms later is named only where it is not as it always was, so that older digests stand.
    """
    said = {
        "exchange": terms.exchange.uuid,
        "number": str(terms.number),
        "proposed_by": terms.proposed_by.value,
        "quantity_t": f"{terms.quantity_t:.6f}",
        "price_cny_per_t": f"{terms.price_cny_per_t:.2f}",
        "deliver_from": terms.deliver_from.isoformat(),
        "deliver_until": terms.deliver_until.isoformat(),
        "transport_by": terms.transport_by.value,
        "mode": terms.mode.value,
        "use": terms.use,
        "note": terms.note,
    }
    if terms.supplier_percent != EVEN_PERCENT:
        said["supplier_percent"] = f"{terms.supplier_percent:.2f}"
    if terms.recurrence is not Recurrence.ONCE:
        said["recurrence"] = terms.recurrence.value
    return hashlib.sha256(canonical_bytes(said)).hexdigest()


def _said(confirmation: Confirmation, exchange: Exchange) -> dict[str, str]:
    party = exchange.supplier if confirmation.side is Side.SUPPLIER else exchange.receiver
    period = {}
    if confirmation.starts_on is not None and confirmation.ends_before is not None:
        period = {"from": confirmation.starts_on.isoformat(), "to": confirmation.ends_before.isoformat()}
    return period | {
        "side": confirmation.side.value,
        "party": party.pseudonym,
        "member": confirmation.user.pseudonym,
        "at": stamp(confirmation.at),
        "terms_revision": str(confirmation.revision),
        "terms_sha256": confirmation.terms_sha256,
    }


def sealed_bytes(said: Mapping[str, str | None], exchange: str, round_number: str) -> bytes:
    """What a seal is over: the confirmation without its seal, and what it is about."""
    return canonical_bytes({**said, "format": FORMAT, "exchange": exchange, "round": round_number})


def _fits(key: VerifierKey, signature: str, message: bytes) -> bool:
    try:
        return key.fits(base64.b64decode(signature), message)
    except ValueError:
        return False
