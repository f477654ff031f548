"""What an entry says, as canonical JSON: everything needed to recompute its figure. Pure but for the models read."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from marketplace.calendar import SHANGHAI, stamp
from marketplace.carbon.method import METHOD, Assessment
from marketplace.exchanges.models import Exchange
from marketplace.ledger.assessing import Figure
from marketplace.ledger.confirmations import recorded
from marketplace.ledger.factors import plain
from marketplace.ledger.models import EntryKind
from marketplace.materials.taxonomy import taxonomy

# 2: a confirmation names its party and the digest of the terms, and carries a seal. 3: it stands as in the log of
# confirmations, or under its seal where it is older. Entries of former formats stay valid.
FORMAT = "gcx-entry/3"


def assessment_body(
    position: int, exchange: Exchange, figure: Figure, value_cny: Decimal, at: datetime
) -> dict[str, Any]:
    """The entry of a completed exchange. Parties appear by pseudonym, so that names can be erased elsewhere."""
    accepted = figure.assessment.accepted_wet_t
    return {
        "format": FORMAT,
        "kind": EntryKind.ASSESSMENT.value,
        "position": str(position),
        "method": METHOD,
        "exchange": exchange.uuid,
        "round": str(exchange.round),
        "recorded_at": stamp(at),
        "month": booked_month(figure.inputs, at).isoformat(),
        "material": exchange.material,
        "family": taxonomy().materials[exchange.material].family,
        "use": exchange.use,
        "supplier": {"party": exchange.supplier.pseudonym, "park": exchange.supplier_site.park.code},
        "receiver": {"party": exchange.receiver.pseudonym, "park": exchange.receiver_site.park.code},
        "accepted_t": plain(accepted),
        "value_cny": plain(value_cny),
        "inputs": figure.inputs,
        "factors": figure.factors,
        "result": result_of(figure.assessment),
        "confirmations": [recorded(c, exchange) for c in exchange.current_confirmations],
    }


def reversal_body(position: int, original: Mapping[str, Any], reason: str, at: datetime) -> dict[str, Any]:
    """The entry that takes another one back: same parties, same month, all signs turned."""
    kept = ("method", "exchange", "round", "month", "material", "family", "use", "supplier", "receiver")
    return {
        "format": FORMAT,
        "kind": EntryKind.REVERSAL.value,
        "position": str(position),
        "recorded_at": stamp(at),
        "reverses": original["position"],
        "reason": reason,
        "accepted_t": _turned(original["accepted_t"]),
        "value_cny": _turned(original["value_cny"]),
        "result": turned_result(original["result"]),
        **{key: original[key] for key in kept},
    }


def result_of(assessment: Assessment) -> dict[str, Any]:
    """The figure as an entry keeps it, with its sensitivities for totals (METHOD.md §4)."""
    return assessment.to_dict() | {
        "sensitivities": {name: plain(s) for name, s in sorted(assessment.sensitivities.items())},
        "specific_variance": plain(assessment.specific_variance),
    }


def turned_result(result: Mapping[str, Any]) -> dict[str, Any]:
    """All signs turned; low and high change places."""
    turned = {
        "net_kgco2e": _turned(result["net_kgco2e"]),
        "low_kgco2e": _turned(result["high_kgco2e"]),
        "high_kgco2e": _turned(result["low_kgco2e"]),
        "components": {k: _turned(v) for k, v in result["components"].items()},
        "shares": {k: _turned(v) for k, v in result["shares"].items()},
        "sensitivities": {k: _turned(v) for k, v in result["sensitivities"].items()},
        "specific_variance": result["specific_variance"],
        "break_even_km": result["break_even_km"],
    }
    if result.get("biogenic_kgco2") is not None:
        turned["biogenic_kgco2"] = _turned(result["biogenic_kgco2"])
    return turned


def booked_month(inputs: Mapping[str, Any], at: datetime) -> date:
    """In which month's totals an entry counts: that in which its period ends, else that in which it was recorded."""
    if "period" not in inputs:
        return month_of(at)
    return (date.fromisoformat(inputs["period"]["to"]) - timedelta(days=1)).replace(day=1)


def month_of(at: datetime) -> date:
    """The first day of the month, as Shanghai counts it."""
    return at.astimezone(SHANGHAI).date().replace(day=1)


def _turned(text: str) -> str:
    return text if Decimal(text) == 0 else text[1:] if text.startswith("-") else "-" + text
