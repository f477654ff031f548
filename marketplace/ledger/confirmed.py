"""What an entry says of both parties' confirmations, against the log of confirmations and older seals. Pure."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from marketplace.ledger.canonical import canonical_bytes
from marketplace.ledger.merkle import leaf_hash
from marketplace.ledger.notes import VerifierKey
from marketplace.ledger.reading import FORMAT, Logged

SEALED_FORMAT = "gcx-confirmation/1"
SEAL_FIELDS = ("key", "signature")
SIDES = {"supplier", "receiver"}
WITHOUT_SEALS = ("gcx-entry/1", "gcx-entry/2")  # of then there are confirmations from before there were seals


def confirmation_fault(
    body: Mapping[str, Any], leaf_at: Callable[[int], bytes | None], keys: Mapping[str, VerifierKey]
) -> str | None:
    """What is wrong with the confirmations of an assessment.

    Args:
        body: the entry; its confirmations taken apart, or `Logged` as `read_entry` gives them.
        leaf_at: the leaf hash with a number in the log of confirmations; None: there is none.
        keys: by vkey, who may have sealed confirmations from before that log.
    """
    period, sides = body["inputs"].get("period"), set()
    days = (period.get("from"), period.get("to")) if period else (None, None)
    for confirmation in body.get("confirmations", ()):
        said = confirmation if type(confirmation) is Logged else _as_logged(confirmation)
        if said is None:
            side, confirmed = confirmation["side"], (confirmation.get("from"), confirmation.get("to"))
        else:
            side, confirmed = said.side, (said.starts, said.ends)
        if confirmed != days:
            return f"the {side} confirmed another period than the entry counts"
        fault = _seal_fault(confirmation, body, keys) if said is None else _log_fault(said, body, leaf_at)
        if fault:
            return fault
        sides.add(side)
    if sides != SIDES and body["format"] not in WITHOUT_SEALS:
        return "the entry does not hold a confirmation of each side"
    return None


def _log_fault(said: Logged, body: Mapping[str, Any], leaf_at: Callable[[int], bytes | None]) -> str | None:
    side = said.side
    if leaf_at(said.number) != said.leaf:
        return f"the {side}'s confirmation is not number {said.number} in the log of confirmations"
    if said.exchange != body["exchange"] or said.round != body["round"] or said.party != body[side]["party"]:
        return f"the {side}'s confirmation is of another exchange, round or party"
    return None


def _seal_fault(
    confirmation: Mapping[str, Any], body: Mapping[str, Any], keys: Mapping[str, VerifierKey]
) -> str | None:
    may_lack = body["format"] in WITHOUT_SEALS and confirmation.get("signature") is None
    if may_lack or is_sealed(confirmation, body["exchange"], body["round"], keys):
        return None
    return f"the {confirmation['side']}'s confirmation does not fit its seal"


def _as_logged(confirmation: Mapping[str, Any]) -> Logged | None:
    """One that is unusual in form; None: it is older than the log."""
    if confirmation.get("format") != FORMAT:
        return None
    said, leaf = confirmation, leaf_hash(canonical_bytes(confirmation))
    return Logged(leaf, said["exchange"], said.get("from"), int(said["number"]), said["party"], said["round"],
                  said["side"], said.get("to"))  # fmt: skip


def is_sealed(
    confirmation: Mapping[str, str | None], exchange: str, round_number: str, keys: Mapping[str, VerifierKey]
) -> bool:
    """Whether a confirmation that is older than the log has a seal, of one of these keys (by vkey), that fits."""
    key, signature = keys.get(confirmation.get("key") or ""), confirmation.get("signature")
    said = {name: text for name, text in confirmation.items() if name not in SEAL_FIELDS}
    return bool(key and signature and _fits(key, signature, sealed_bytes(said, exchange, round_number)))


def sealed_bytes(said: Mapping[str, str | None], exchange: str, round_number: str) -> bytes:
    """What a seal is over: the confirmation without its seal, and what it is about."""
    return canonical_bytes({**said, "format": SEALED_FORMAT, "exchange": exchange, "round": round_number})


def _fits(key: VerifierKey, signature: str, message: bytes) -> bool:
    try:
        return key.fits(base64.b64decode(signature), message)
    except ValueError:
        return False
