"""What an entry says of both parties' confirmations, against the log of confirmations and older seals. Pure."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from marketplace.ledger.canonical import canonical_bytes
from marketplace.ledger.notes import VerifierKey

FORMAT = "gcx-confirmation/2"
SEALED_FORMAT = "gcx-confirmation/1"
SEAL_FIELDS = ("key", "signature")
SIDES = {"supplier", "receiver"}
WITHOUT_SEALS = ("gcx-entry/1", "gcx-entry/2")  # of then there are confirmations from before there were seals
_FIRST, _SECOND = b'{"accepted_t":"', b',"confirmations":['  # of an entry's members


def confirmation_fault(
    body: Mapping[str, Any], data: bytes, leaf_at: Callable[[int], bytes | None], keys: Mapping[str, VerifierKey]
) -> str | None:
    """What is wrong with the confirmations of an assessment.

    Args:
        body, data: the entry, and its canonical bytes.
        leaf_at: the leaf hash with a number in the log of confirmations; None: there is none.
        keys: by vkey, who may have sealed confirmations from before that log.
    """
    confirmations, cut = body.get("confirmations", ()), None
    period = body["inputs"].get("period") or {}
    days = (period.get("from"), period.get("to"))
    for at, confirmation in enumerate(confirmations):
        side = confirmation["side"]
        if (confirmation.get("from"), confirmation.get("to")) != days:
            return f"the {side} confirmed another period than the entry counts"
        if confirmation.get("format") != FORMAT:
            may_lack = body["format"] in WITHOUT_SEALS and confirmation.get("signature") is None
            if not may_lack and not is_sealed(confirmation, body["exchange"], body["round"], keys):
                return f"the {side}'s confirmation does not fit its seal"
            continue
        cut = cut or _cut(data, len(confirmations))
        leaf = leaf_at(int(confirmation["number"]))
        if leaf is None or (_leaf(cut[at]) != leaf and _leaf(canonical_bytes(confirmation)) != leaf):
            return f"the {side}'s confirmation is not number {confirmation['number']} in the log of confirmations"
        if (
            confirmation["exchange"] != body["exchange"]
            or confirmation["round"] != body["round"]
            or confirmation["party"] != body[side]["party"]
        ):
            return f"the {side}'s confirmation is of another exchange, round or party"
    if body["format"] not in WITHOUT_SEALS and {confirmation["side"] for confirmation in confirmations} != SIDES:
        return "the entry does not hold a confirmation of each side"
    return None


def _cut(data: bytes, count: int) -> Sequence[bytes]:
    """The bytes of each confirmation in the entry's; another number of pieces, or others, where it is no plain case.

    Making them canonical anew takes as long as recomputing the figure. A wrong piece has another hash than the leaf.
    """
    begin = data.find(b'"', len(_FIRST)) + 1
    if not (data.startswith(_FIRST) and data.startswith(_SECOND, begin)):
        return [b""] * count
    begin += len(_SECOND)
    pieces = data[begin : data.find(b"}]", begin) + 1].replace(b"},{", b"}\n{").split(b"\n")
    return pieces if len(pieces) == count else [b""] * count


def _leaf(statement: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + statement).digest()


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
